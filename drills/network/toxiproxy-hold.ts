import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { Host, NamedTarget } from '../fault.ts';
import { serverIsGone } from '../undos/gone.ts';
import type { Disturbance, HoldState, NetworkHold } from './driver.ts';
import { ownerOf } from './holder.ts';
import { ConnectionCount } from './tcp-table.ts';
import { type ProxyState, ToxiproxyClient } from './toxiproxy-client.ts';
import { healProxy, leftOf } from './toxiproxy-heal.ts';
import { clientSockets, isHeldUp } from './toxiproxy-sockets.ts';
import { isReject, toxicsOf } from './toxiproxy-toxics.ts';
import { Turns } from './turns.ts';

/** One holder's toxics on one proxy of Toxiproxy. */
export class ToxiproxyHold implements NetworkHold {
  readonly leased = false;
  readonly #target: NamedTarget<TargetOf<'toxiproxy'>>;
  readonly #holder: string;
  readonly #clock: Host['clock'];
  readonly #client: ToxiproxyClient;
  readonly #turns = new Turns();
  #disturbance: Disturbance | null = null;
  /** Whether anything of it may be in Toxiproxy. */
  #begun = false;
  #ended = false;
  #connections: ConnectionCount | undefined;
  #touched = 0;

  constructor(
    target: NamedTarget<TargetOf<'toxiproxy'>>,
    holder: string,
    { fetch, clock }: Pick<Host, 'fetch' | 'clock'>,
  ) {
    this.#target = target;
    this.#holder = holder;
    this.#clock = clock;
    this.#client = new ToxiproxyClient(target.target, fetch);
  }

  set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#set(disturbance, signal));
  }

  renew(): Promise<HoldState> {
    return this.#turns.take(() => this.#renew());
  }

  release(): Promise<void> {
    return this.#turns.take(() => this.#release());
  }

  async residue(): Promise<string[]> {
    try {
      const state = await this.#client.state();
      return state ? leftOf(state, this.#holder).map((name) => `${this.#target.name} still has ${name}`) : [];
    } catch (error) {
      if (serverIsGone(this.#target.target.control, error)) return [];
      throw error;
    }
  }

  async #set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    if (this.#begun) {
      await this.#renew();
      this.#disturbance = null;
      await healProxy(this.#client, this.#holder, this.#clock, signal);
    }
    if (disturbance === null) return;
    if (this.#ended)
      throw new UnavailableError('toxiproxy.ended', `what disturbed ${this.#target.name} has been ended`);
    const proxy = await this.#proxyThatTakesIt(signal);
    this.#connections ??= new ConnectionCount(() => clientSockets(proxy));
    // Those that a reset or a rejection ends are seen now or never.
    this.#count();
    this.#begun = true;
    for (const toxic of toxicsOf(disturbance, this.#holder)) await this.#client.add(toxic, signal);
    if (isReject(disturbance)) await this.#client.enable(false, signal);
    this.#disturbance = disturbance;
  }

  async #renew(): Promise<HoldState> {
    const by = this.#disturbance === null ? undefined : await this.#endedBy(this.#disturbance);
    if (by !== undefined) {
      this.#ended = true;
      return { held: false, by };
    }
    if (this.#disturbance !== null) this.#count();
    return { held: true, touched: this.#touched };
  }

  async #endedBy(disturbance: Disturbance): Promise<string | undefined> {
    try {
      const state = await this.#client.state();
      return state && this.#isIn(disturbance, state) ? undefined : 'others';
    } catch (error) {
      if (serverIsGone(this.#target.target.control, error)) return 'server';
      throw error;
    }
  }

  async #release(): Promise<void> {
    // What was refused may be in under the same name: two equal faults of one drill.
    if (!this.#begun) return;
    this.#disturbance = null;
    try {
      await healProxy(this.#client, this.#holder, this.#clock);
    } catch (error) {
      if (!serverIsGone(this.#target.target.control, error)) throw error;
    }
  }

  /** Its state, once nothing foreign would be overwritten and nothing would hang. */
  async #proxyThatTakesIt(signal: AbortSignal): Promise<ProxyState> {
    const { name } = this.#target;
    const state = requireProxy(this.#target, await this.#client.state(signal));
    const other = state.toxics.find(
      ({ name: toxic }) =>
        ownsToxic(toxic) && (!this.#isOfOurRun(toxic) || leftOf(state, this.#holder).includes(toxic)),
    );
    if (other)
      throw new UnavailableError('toxiproxy.held', `${name} is held by another fault (toxic ${other.name})`, {
        mend: 'Wait for it, or run: andon drill clean',
      });
    if (await isHeldUp(state, this.#clock, signal))
      throw new UnavailableError(
        'toxiproxy.held-up',
        `somebody connected through ${name} does not read what it is sent: Toxiproxy would hang`,
        {
          mend: 'Nothing was touched. Look with "ss -tno" for the connection whose Send-Q stays full, and end it.',
        },
      );
    return state;
  }

  #isOfOurRun = (toxic: string): boolean => toxic.startsWith(`${ownerOf(this.#holder)}~`);

  #isIn(disturbance: Disturbance, state: ProxyState): boolean {
    const left = leftOf(state, this.#holder);
    return (
      toxicsOf(disturbance, this.#holder).every(({ name }) => left.includes(name)) &&
      !(isReject(disturbance) && state.enabled)
    );
  }

  /** Connections that were there before a disturbance, and those that come while it is in. */
  #count(): void {
    try {
      this.#touched = this.#connections?.look() ?? 0;
    } catch (error) {
      throw new UnavailableError(
        'toxiproxy.uncounted',
        `the connections of ${this.#target.name} cannot be counted: ${messageOf(error)}`,
      );
    }
  }
}

/** The state of a proxy that can be disturbed: it is there, and enabled. */
export function requireProxy(
  { name, target }: NamedTarget<TargetOf<'toxiproxy'>>,
  state: ProxyState | undefined,
): ProxyState {
  if (!state)
    throw new UnavailableError(
      'toxiproxy.no-proxy',
      `${name}: the Toxiproxy at ${target.control} has no proxy "${target.proxy}"`,
      { mend: `Look at its proxies with: curl ${new URL('/proxies', target.control)}` },
    );
  if (!state.enabled)
    throw new UnavailableError('toxiproxy.disabled', `${name}: proxy "${target.proxy}" is disabled already`, {
      mend: 'Somebody has cut it: wait, or enable it again.',
    });
  return state;
}

const ownsToxic = (name: string): boolean => name.startsWith('andon-drill-');
