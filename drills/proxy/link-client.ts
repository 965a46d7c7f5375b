import { z } from 'zod';
import type { TargetOf } from '../../kit/targets.ts';
import { isMeant } from '../network/holder.ts';
import { disturbanceSchema } from './hold-request.ts';
import type { HoldRequest, RenewRequest } from './leased-link.ts';

/** The control API is on this computer: what takes longer than this is stuck. */
const answerMs = 1500;

const linkSchema = z.object({
  name: z.string(),
  holds: z.array(
    z.object({
      holder: z.string(),
      disturbance: disturbanceSchema.nullable(),
      expiresAt: z.string(),
      touched: z.int(),
    }),
  ),
  connections: z.int(),
  lastEnded: z.object({ holder: z.string(), by: z.string(), at: z.string() }).nullable(),
});

/** One link as its proxy describes it. */
export type LinkState = z.infer<typeof linkSchema>;

const answerSchema = z.object({ touched: z.int() });
const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), endedBy: z.string().optional() }),
});

/** A refusal (another run's disturbance, one that has ended) is a result. */
export type HoldResult =
  | { ok: true; touched: number }
  | { ok: false; code: string; message: string; endedBy?: string | undefined };

/** The control API of one link, from the outside. */
export class LinkClient {
  readonly #target: Pick<TargetOf<'link'>, 'control' | 'link'>;
  readonly #fetch: typeof fetch;

  constructor(target: Pick<TargetOf<'link'>, 'control' | 'link'>, fetcher: typeof fetch) {
    this.#target = target;
    this.#fetch = fetcher;
  }

  /** Disturbs the link in the name of a holder who holds nothing there yet. */
  async hold(request: HoldRequest, signal?: AbortSignal): Promise<HoldResult> {
    return resultOf(await this.#call('POST', '', request, signal));
  }

  /** Prolongs a hold, and changes its disturbance where one is given; never makes again what has ended. */
  async renew({ holder, ...body }: RenewRequest, signal?: AbortSignal): Promise<HoldResult> {
    return resultOf(await this.#call('PATCH', `/${encodeURIComponent(holder)}`, body, signal));
  }

  /** Ends a hold, or all of a run by its name; nothing to end is fine. */
  async release(holder: string, by: string, signal?: AbortSignal): Promise<void> {
    const path = `/${encodeURIComponent(holder)}?${new URLSearchParams({ by })}`;
    const response = await this.#call('DELETE', path, undefined, signal);
    if (!response.ok) throw new Error(`the proxy refused to heal the link: ${await response.text()}`);
    await response.body?.cancel();
  }

  async state(signal?: AbortSignal): Promise<LinkState> {
    const response = await this.#fetch(new URL('/links', this.#target.control), { signal: limited(signal) });
    const links = z.array(z.looseObject({ name: z.string() })).parse(await response.json());
    const link = links.find(({ name }) => name === this.#target.link);
    if (!link) throw new Error(`the proxy at ${this.#target.control} has no link "${this.#target.link}"`);
    return linkSchema.parse(link);
  }

  /** What a holder (or a run by its name) still does to the link, in words. */
  async residue(name: string, signal?: AbortSignal): Promise<string[]> {
    const { holds } = await this.state(signal);
    return holds
      .filter(({ holder }) => isMeant(holder, name))
      .map(({ disturbance, holder }) => `${disturbance?.kind ?? 'a pause between two cuts'} by ${holder}`);
  }

  #call(method: string, path: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> {
    const { link, control } = this.#target;
    return this.#fetch(new URL(`/links/${encodeURIComponent(link)}/holds${path}`, control), {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limited(signal),
    });
  }
}

async function resultOf(response: Response): Promise<HoldResult> {
  const body: unknown = await response.json();
  if (response.ok) return { ok: true, ...answerSchema.parse(body) };
  return { ok: false, ...refusalSchema.parse(body).error };
}

function limited(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(answerMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
