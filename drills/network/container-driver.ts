import { readFileSync } from 'node:fs';
import type { ContainerState } from '../../kit/container-state.ts';
import { DockerEngine } from '../../kit/docker.ts';
import { UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { NamedTarget } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { ContainerHold, requireContainer } from './container-hold.ts';
import type { NetworkDriver } from './driver.ts';
import { tcpTable } from './tcp-table.ts';

/** Cuts a container off by its engine: paused, or taken off a network. Engines have no lease: the fault takes a leash. */
export const containerDriver: NetworkDriver<TargetOf<'container'>> = {
  kind: 'container',
  cannot(disturbance) {
    const instead = 'use a target of kind address, link or toxiproxy';
    if (disturbance.kind !== 'cut') return `a container engine can only cut a container off: ${instead}`;
    if (disturbance.mode !== 'drop')
      return `a container engine neither refuses nor resets connections: mode drop, or ${instead}`;
    if (disturbance.direction !== 'both')
      return `a container is cut off in both directions: leave the direction out, or ${instead}`;
    return undefined;
  },
  effects: (_disturbance, { name, target: { container, network } }) => [
    network
      ? `container ${container} (${name}) loses its network ${network.name}: its connections there fall silent, nobody reaches it, and it reaches nobody`
      : `all processes of container ${container} (${name}) are paused: its connections hang, new ones are accepted and hang`,
    ...(network ? ['it gets the network back with another address'] : []),
    leashEffect,
  ],
  undo: ({ name, target: { network } }) => ({
    kind: 'container.heal',
    target: name,
    ...(network ? { network } : {}),
  }),
  async demand(target) {
    const state = await new DockerEngine(target.target.socket).inspect(target.target.container);
    requireCountable(target, requireContainer(target, state));
  },
  hold: (target) => new ContainerHold(target),
};

/** What a fault touches is counted by the kernel, in the container's own network. */
function requireCountable({ name, target }: NamedTarget<TargetOf<'container'>>, state: ContainerState): void {
  const why = uncountable(state);
  if (why === undefined) return;
  const what = `${name}: the connections of container ${target.container} cannot be counted: ${why}`;
  throw new UnavailableError('container.uncounted', what, {
    mend: 'Run the drill on the Linux host of the engine, on a container with a network of its own; or use process.pause.',
  });
}

function uncountable({ id, pid, networkMode }: ContainerState): string | undefined {
  if (networkMode === 'host') return 'it shares the network of its host';
  try {
    if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)) return 'it does not run on this computer';
    tcpTable(`/proc/${pid}/net`);
    return undefined;
  } catch {
    return 'its processes cannot be seen from here';
  }
}
