import { z } from 'zod';
import type { TargetOf } from '../../kit/targets.ts';
import type { CutRequest } from './leased-link.ts';
import { cutModes } from './tcp-link.ts';

/** The control API is on this computer: what takes longer than this is stuck. */
const answerMs = 1500;

const linkSchema = z.object({
  name: z.string(),
  cut: z
    .object({ mode: z.enum(cutModes), holder: z.string(), expiresAt: z.string(), touched: z.int() })
    .nullable(),
  connections: z.int(),
  lastCut: z.object({ holder: z.string(), by: z.string(), at: z.string() }).nullable(),
});

/** One link as its proxy describes it. */
export type LinkState = z.infer<typeof linkSchema>;

const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), endedBy: z.string().optional() }),
});

export type CutResult =
  | { ok: true; connections: number }
  | { ok: false; code: string; message: string; endedBy?: string | undefined };

/** The control API of one link, from the outside. */
export class LinkClient {
  readonly #target: TargetOf<'link'>;
  readonly #fetch: typeof fetch;

  constructor(target: TargetOf<'link'>, fetcher: typeof fetch) {
    this.#target = target;
    this.#fetch = fetcher;
  }

  /** Cuts the link, or prolongs the cut. A refusal (someone else's cut, a cut that has ended) is a result. */
  async cut(request: CutRequest, signal?: AbortSignal): Promise<CutResult> {
    const response = await this.#call('PUT', request, '', signal);
    const body: unknown = await response.json();
    if (response.ok) return { ok: true, ...z.object({ connections: z.int() }).parse(body) };
    return { ok: false, ...refusalSchema.parse(body).error };
  }

  /** Heals what the holder has cut; nothing to heal is fine. */
  async restore(holder: string, by: string, signal?: AbortSignal): Promise<void> {
    const response = await this.#call('DELETE', undefined, `?${new URLSearchParams({ holder, by })}`, signal);
    if (!response.ok) throw new Error(`the proxy refused to restore: ${await response.text()}`);
    await response.body?.cancel();
  }

  async state(signal?: AbortSignal): Promise<LinkState> {
    const response = await this.#fetch(new URL('/links', this.#target.control), { signal: limited(signal) });
    const links = z.array(linkSchema).parse(await response.json());
    const link = links.find(({ name }) => name === this.#target.link);
    if (!link) throw new Error(`the proxy at ${this.#target.control} has no link "${this.#target.link}"`);
    return link;
  }

  #call(method: string, body: unknown, query: string, signal: AbortSignal | undefined): Promise<Response> {
    const url = new URL(`/links/${encodeURIComponent(this.#target.link)}/cut${query}`, this.#target.control);
    return this.#fetch(url, {
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
