import { z } from 'zod';
import type { TargetOf } from '../../kit/targets.ts';
import type { HttpFaultWish } from './http-fault-api.ts';
import { httpFaultSchema } from './http-link-fault.ts';

/** The control API is on this computer: what takes longer than this is stuck. */
const answerMs = 1500;

const linkSchema = z.looseObject({
  name: z.string(),
  httpFaults: z
    .array(
      z.object({
        holder: z.string(),
        fault: httpFaultSchema.nullable(),
        expiresAt: z.string(),
        touched: z.int(),
      }),
    )
    .optional(),
  lastHttpFault: z.object({ holder: z.string(), by: z.string(), at: z.string() }).nullish(),
});

/** One link as its proxy describes it; `httpFaults` is missing where the proxy knows it as a link of bytes only. */
export type HttpLinkState = z.infer<typeof linkSchema>;

const answerSchema = z.object({ touched: z.int() });
const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), endedBy: z.string().optional() }),
});

/** A refusal (another run's fault, one that has ended) is a result. */
export type HttpFaultResult =
  | { ok: true; touched: number }
  | { ok: false; code: string; message: string; endedBy?: string | undefined };

/** The control API of one HTTP link, from the outside. */
export class HttpFaultClient {
  readonly #target: Pick<TargetOf<'link'>, 'control' | 'link'>;
  readonly #fetch: typeof fetch;

  constructor(target: Pick<TargetOf<'link'>, 'control' | 'link'>, fetcher: typeof fetch) {
    this.#target = target;
    this.#fetch = fetcher;
  }

  /** Makes the link ill, or prolongs that. */
  async fail(wish: HttpFaultWish, signal?: AbortSignal): Promise<HttpFaultResult> {
    const response = await this.#call('PUT', '', wish, signal);
    const body: unknown = await response.json();
    if (response.ok) return { ok: true, ...answerSchema.parse(body) };
    return { ok: false, ...refusalSchema.parse(body).error };
  }

  /** Ends what this holder does; nothing to end is fine. */
  async restore(holder: string, by: string, signal?: AbortSignal): Promise<void> {
    const response = await this.#call('DELETE', `?${new URLSearchParams({ holder, by })}`, undefined, signal);
    // 404: the link has been made one of bytes since; its faults went with the old proxy.
    if (!response.ok && response.status !== 404)
      throw new Error(`the proxy refused to heal the link: ${await response.text()}`);
    await response.body?.cancel();
  }

  async state(signal?: AbortSignal): Promise<HttpLinkState> {
    const response = await this.#fetch(new URL('/links', this.#target.control), { signal: limited(signal) });
    const links = z.array(linkSchema).parse(await response.json());
    const link = links.find(({ name }) => name === this.#target.link);
    if (!link) throw new Error(`the proxy at ${this.#target.control} has no link "${this.#target.link}"`);
    return link;
  }

  /** What this holder still does to the link, in words. */
  async residue(holder: string, signal?: AbortSignal): Promise<string[]> {
    const { httpFaults = [] } = await this.state(signal);
    return httpFaults
      .filter((fault) => fault.holder === holder)
      .map(({ fault }) => `${fault?.kind ?? 'a hold'} by ${holder}`);
  }

  #call(method: string, query: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> {
    const { link, control } = this.#target;
    return this.#fetch(new URL(`/links/${encodeURIComponent(link)}/http-fault${query}`, control), {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limited(signal),
    });
  }
}

function limited(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(answerMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
