import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';

/** Toxiproxy answers from memory, on a busy computer after a while. What takes longer hangs: by itself it gives up after 25 s. */
const longestAnswerMs = 4000;

const toxicSchema = z.object({ name: z.string(), type: z.string(), stream: z.string() });

const proxySchema = z.object({
  listen: z.string(),
  upstream: z.string(),
  enabled: z.boolean(),
  toxics: z.array(toxicSchema).default([]),
});

/** One proxy as Toxiproxy describes it; `listen` is an address with the port it really got. */
export type ProxyState = z.infer<typeof proxySchema>;

/** A toxic as it is sent to Toxiproxy. */
export interface Toxic {
  name: string;
  type: 'timeout' | 'reset_peer' | 'latency' | 'bandwidth';
  stream: Stream;
  /** The share of new connections it works on, 0 to 1. */
  toxicity: number;
  attributes: Readonly<Record<string, number>>;
}

/** Upstream is what the client sends. */
export type Stream = 'upstream' | 'downstream';

/** One proxy's part of the HTTP API of Toxiproxy 2.6 or later. Every call throws when it is refused or not answered in time. */
export class ToxiproxyClient {
  readonly #target: TargetOf<'toxiproxy'>;
  readonly #fetch: typeof fetch;
  readonly #answerMs: number;

  constructor(target: TargetOf<'toxiproxy'>, fetcher: typeof fetch, answerMs = longestAnswerMs) {
    this.#target = target;
    this.#fetch = fetcher;
    this.#answerMs = answerMs;
  }

  /** The proxy, or undefined where Toxiproxy has none of that name. */
  async state(signal?: AbortSignal): Promise<ProxyState | undefined> {
    const answer = await this.#call('GET', '', { signal, fine: [404] });
    return answer === undefined ? undefined : proxySchema.parse(answer);
  }

  /** Adds a toxic, to open connections as well. Refused where one of that name is there. */
  async add(toxic: Toxic, signal?: AbortSignal): Promise<void> {
    await this.#call('POST', '/toxics', { body: toxic, signal });
  }

  /** Removes a toxic; that there is none is fine. */
  async remove(toxic: string, signal?: AbortSignal): Promise<void> {
    await this.#call('DELETE', `/toxics/${encodeURIComponent(toxic)}`, { signal, fine: [404] });
  }

  /** Lets the proxy listen, or not; when it stops, its open connections are closed. */
  async enable(enabled: boolean, signal?: AbortSignal): Promise<void> {
    await this.#call('PATCH', '', { body: { enabled }, signal });
  }

  /** The answer's JSON; undefined where there is none, or where its status is one of the `fine` ones. */
  async #call(
    method: string,
    path: string,
    { body, signal, fine = [] }: { body?: object; signal?: AbortSignal | undefined; fine?: number[] },
  ): Promise<unknown> {
    const { control, proxy } = this.#target;
    const limit = AbortSignal.timeout(this.#answerMs);
    const response = await this.#fetch(new URL(`/proxies/${encodeURIComponent(proxy)}${path}`, control), {
      method,
      // Toxiproxy refuses whatever calls itself Mozilla.
      headers: { 'user-agent': 'andon', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = await response.text();
    if (fine.includes(response.status)) return undefined;
    if (response.ok) return text === '' ? undefined : JSON.parse(text);
    throw new UnavailableError(
      'toxiproxy.refused',
      `Toxiproxy at ${control} refused ${method} on proxy "${proxy}": HTTP ${response.status} ${text.trim()}`,
      { mend: `Look at it with: curl ${new URL(`/proxies/${encodeURIComponent(proxy)}`, control)}` },
    );
  }
}
