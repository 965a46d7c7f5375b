import { z } from 'zod';
import { UnavailableError } from './errors.ts';

/** What takes longer than this is stuck, where the caller says no other limit. */
const answerMs = 3000;

const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), endedBy: z.string().optional() }),
});

/** What a wish was answered: a refusal (somebody else's, or one that has ended) is a result. */
export type ControlAnswer =
  | { ok: true; body: unknown }
  | { ok: false; code: string; message: string; endedBy?: string | undefined };

/** One request to a control API. */
export interface ControlCall {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: object;
  limitMs?: number;
  signal?: AbortSignal | undefined;
}

/** The control API of a gateway or router: JSON over HTTP, with a bearer token where one is needed. */
export class ControlClient {
  readonly #target: { control: string; token?: string | undefined };
  readonly #fetch: typeof fetch;

  constructor(target: { control: string; token?: string | undefined }, fetcher: typeof fetch) {
    this.#target = target;
    this.#fetch = fetcher;
  }

  /** Throws UnavailableError where the token is not the right one, and an Error for any answer that is no refusal. */
  async ask({ method, path, query, body, limitMs = answerMs, signal }: ControlCall): Promise<ControlAnswer> {
    const { control, token } = this.#target;
    const limit = AbortSignal.timeout(limitMs);
    const response = await this.#fetch(controlUrl(control, path, query), {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = await response.text();
    if (response.ok) return { ok: true, body: JSON.parse(text) };
    if (response.status === 409) return { ok: false, ...refusalSchema.parse(JSON.parse(text)).error };
    if (response.status === 401 || response.status === 403)
      throw new UnavailableError('control.token', `${control} refuses our token (HTTP ${response.status})`, {
        mend: 'Give the target in andon.yaml the `token` of somebody who may do this, from a file or the environment.',
      });
    throw new Error(`${method} ${path} at ${control} answered ${response.status}: ${text.slice(0, 300)}`);
  }

  /** The answer's body; throws what was refused. */
  async demand(call: ControlCall): Promise<unknown> {
    const answer = await this.ask(call);
    if (answer.ok) return answer.body;
    throw new Error(answer.message);
  }
}

/** An address of a control API, which may itself stand below a path. */
export function controlUrl(control: string, path: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `${control.replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`;
}
