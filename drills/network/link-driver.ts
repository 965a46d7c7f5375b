import { UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { leaseMs } from '../lease.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { describeDisturbance } from './describe.ts';
import type { Disturbance, HoldState, NetworkDriver, NetworkHold } from './driver.ts';

type LinkTarget = TargetOf<'link'>;

/** Disturbs a link at Andon's own proxy, which leases every disturbance. */
export const linkDriver: NetworkDriver<LinkTarget> = {
  kind: 'link',
  cannot(disturbance) {
    if (disturbance.kind === 'cut' && disturbance.mode === 'reset' && disturbance.direction !== 'both')
      return 'a reset ends a connection for both sides: leave out its direction';
    return undefined;
  },
  effects(disturbance, { target: { link, control } }) {
    return [
      `asks the proxy at ${control} to disturb link ${link}: ${describeDisturbance(disturbance)}`,
      `the proxy heals it by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
    ];
  },
  undo: ({ name }, holder) => ({ kind: 'link.restore', target: name, holder }),
  async demand({ name, target }, { fetch }) {
    try {
      await new LinkClient(target, fetch).state();
    } catch (cause) {
      throw new UnavailableError('link.unreachable', `${name}: link "${target.link}" cannot be looked at`, {
        mend: `Start its proxy (andon links) at ${target.control}, or mend targets.${name}. Nothing was touched.`,
        cause,
      });
    }
  },
  hold: ({ name, target }, holder, { fetch }) => new LinkHold(name, holder, new LinkClient(target, fetch)),
};

class LinkHold implements NetworkHold {
  readonly leased = true;
  readonly #target: string;
  readonly #holder: string;
  readonly #client: LinkClient;
  #state: 'new' | 'held' | 'refused' = 'new';

  constructor(target: string, holder: string, client: LinkClient) {
    this.#target = target;
    this.#holder = holder;
    this.#client = client;
  }

  async set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    const request = { holder: this.#holder, disturbance, leaseMs };
    const result =
      this.#state === 'held'
        ? await this.#client.renew(request, signal)
        : await this.#client.hold(request, signal);
    if (this.#state === 'new') this.#state = result.ok ? 'held' : 'refused';
    if (!result.ok)
      throw new UnavailableError('network.refused', `${this.#target}: ${result.message}`, {
        mend: 'Another drill is at work there: wait for it, or run: andon drill clean',
      });
  }

  async renew(): Promise<HoldState> {
    const result = await this.#client.renew({ holder: this.#holder, leaseMs });
    return result.ok
      ? { held: true, touched: result.touched }
      : { held: false, by: result.endedBy ?? 'others' };
  }

  async release(): Promise<void> {
    // What was refused may be held under the same name: a drill with two equal faults at a time.
    if (this.#state !== 'refused') await this.#client.release(this.#holder, 'runner');
  }

  async residue(): Promise<string[]> {
    const left = await this.#client.residue(this.#holder);
    return left.map((what) => `${this.#target} is still disturbed: ${what}`);
  }
}
