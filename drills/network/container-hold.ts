import type { ContainerState } from '../../kit/container-state.ts';
import { DockerEngine, EngineRefusal } from '../../kit/docker.ts';
import { UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { NamedTarget } from '../fault.ts';
import { brokenState, healContainer, isGone, isHealthy, type TakenNetwork } from './container-heal.ts';
import type { Disturbance, HoldState, NetworkHold } from './driver.ts';
import { ConnectionCount, canonical, type TcpSocket, tcpTable } from './tcp-table.ts';
import { Turns } from './turns.ts';

/** A container that is paused, or has lost a network. */
export class ContainerHold implements NetworkHold {
  readonly leased = false;
  readonly #target: NamedTarget<TargetOf<'container'>>;
  readonly #engine: DockerEngine;
  readonly #turns = new Turns();
  #state: 'new' | 'out' | 'in' | 'ended' = 'new';
  #connections: ConnectionCount | undefined;
  #touched = 0;

  constructor(target: NamedTarget<TargetOf<'container'>>) {
    this.#target = target;
    this.#engine = new DockerEngine(target.target.socket);
  }

  set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#set(disturbance, signal));
  }

  renew(): Promise<HoldState> {
    return this.#turns.take(() => this.#renew());
  }

  release(): Promise<void> {
    return this.#turns.take(async () => {
      // What was refused is somebody else's.
      if (this.#state !== 'new') await this.#heal();
    });
  }

  async residue(): Promise<string[]> {
    const { name, target } = this.#target;
    if (this.#state === 'new' || (await isGone(this.#engine, target.container))) return [];
    const healthy = await isHealthy(this.#engine, target.container, target.network);
    return healthy ? [] : [`${name} (container ${target.container}) is still ${brokenState(target.network)}`];
  }

  async #set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    if (this.#state === 'in') {
      await this.#renew();
      await this.#heal(signal);
    }
    if (disturbance === null) return;
    const { name, target } = this.#target;
    if (this.#state === 'ended')
      throw new UnavailableError('container.ended', `what disturbed ${name} has been ended`);
    const state = requireContainer(this.#target, await this.#engine.inspect(target.container, signal));
    this.#connections ??= new ConnectionCount(() => socketsOf(state, target.network));
    this.#touched = this.#connections.look();
    this.#state = 'in';
    if (target.network) await this.#engine.disconnect(target.network.name, target.container, signal);
    else await this.#engine.pause(target.container, signal);
  }

  async #renew(): Promise<HoldState> {
    if (this.#state === 'ended') return { held: false, by: 'others' };
    if (this.#state === 'in') {
      if (!(await this.#isIn())) {
        this.#state = 'ended';
        return { held: false, by: 'others' };
      }
      this.#touched = this.#connections?.look() ?? 0;
    }
    return { held: true, touched: this.#touched };
  }

  async #isIn(): Promise<boolean> {
    const { container, network } = this.#target.target;
    try {
      return !(await isHealthy(this.#engine, container, network));
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 404) return false;
      throw error;
    }
  }

  async #heal(signal?: AbortSignal): Promise<void> {
    const { container, network } = this.#target.target;
    await healContainer(this.#engine, container, network, signal);
    if (this.#state === 'in') this.#state = 'out';
  }
}

/** A container that can be disturbed: it runs, it is not paused, and has the network that is taken from it. */
export function requireContainer(
  { name, target }: NamedTarget<TargetOf<'container'>>,
  state: ContainerState,
): ContainerState {
  const refuse = (what: string, mend: string) => {
    throw new UnavailableError('container.unfit', `${name}: container ${target.container} ${what}`, { mend });
  };
  if (!state.running) refuse('does not run', `docker start ${target.container}`);
  if (state.paused) refuse('is paused already', `docker unpause ${target.container}`);
  if (!target.network) return state;
  const seat = state.networks[target.network.name];
  if (!seat) {
    const has = Object.keys(state.networks).join(', ') || 'none';
    return refuse(
      `is not on network ${target.network.name} (it is on: ${has})`,
      `Mend targets.${name}.network.`,
    );
  }
  const { aliases } = target.network;
  const lost = seat.aliases.filter((alias) => alias !== state.name && !aliases.includes(alias));
  if (lost.length > 0)
    refuse(
      `would lose its names ${lost.join(', ')} on network ${target.network.name}`,
      `Add them under targets.${name}.network.aliases, so that they are given back.`,
    );
  if (seat.fixed)
    refuse(
      `has a fixed address on network ${target.network.name}, which would be lost`,
      'Leave out network:, so that it is paused.',
    );
  return state;
}

/** The sockets of a container that somebody outside of it can be at the other end of. */
function socketsOf({ pid, networks }: ContainerState, taken: TakenNetwork): TcpSocket[] {
  const address = taken ? canonical(networks[taken.name]?.address ?? '') : undefined;
  return tcpTable(`/proc/${pid}/net`).filter(({ local }) =>
    address === undefined ? !/^(127\.|::1$)/.test(local.address) : local.address === address,
  );
}
