import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { NamedTarget } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import type { Disturbance, NetworkDriver } from './driver.ts';
import { ToxiproxyClient } from './toxiproxy-client.ts';
import { requireProxy, ToxiproxyHold } from './toxiproxy-hold.ts';
import { listensHere } from './toxiproxy-sockets.ts';
import { isReject, toxicsOf, toxiproxyCannot } from './toxiproxy-toxics.ts';

/** Disturbs what passes one proxy of a running Toxiproxy 2.6 or later, by its toxics. Toxiproxy has no lease: the fault takes a leash. */
export const toxiproxyDriver: NetworkDriver<TargetOf<'toxiproxy'>> = {
  kind: 'toxiproxy',
  cannot: toxiproxyCannot,
  effects: (disturbance, target, holder) => [
    whatHappens(disturbance, target),
    ...(isReject(disturbance) ? [`the proxy is disabled in Toxiproxy at ${target.target.control}`] : []),
    `Toxiproxy at ${target.target.control} gets the toxics ${namesOf(disturbance, holder)}`,
    leashEffect,
  ],
  undo: ({ name }, holder) => ({ kind: 'toxiproxy.heal', target: name, holder }),
  async demand(target, { fetch }) {
    const { control } = target.target;
    const asked = new ToxiproxyClient(target.target, fetch).state().catch((cause: unknown) => {
      if (cause instanceof UnavailableError) throw cause;
      throw new UnavailableError('toxiproxy.no-answer', `no Toxiproxy answers at ${control}`, {
        mend: 'Start it (toxiproxy-server), or mend its address in andon.yaml.',
        cause,
      });
    });
    requireCountable(target, requireProxy(target, await asked));
  },
  hold: (target, holder, host) => new ToxiproxyHold(target, holder, host),
};

/** What a fault touches is counted by the kernel, so the proxy has to be on this computer. */
function requireCountable(
  { name, target }: NamedTarget<TargetOf<'toxiproxy'>>,
  state: Parameters<typeof listensHere>[0],
): void {
  let why = `it listens on ${state.listen}, which is not an address of this computer and network namespace`;
  try {
    if (listensHere(state)) return;
  } catch (error) {
    why = messageOf(error);
  }
  const what = `${name}: how many connections pass proxy "${target.proxy}" cannot be counted (${why})`;
  throw new UnavailableError('toxiproxy.uncounted', what, {
    mend: 'Run the drill on the Linux host, or in the container, where Toxiproxy listens.',
  });
}

const namesOf = (disturbance: Disturbance, holder: string): string =>
  toxicsOf(disturbance, holder)
    .map(({ name }) => name)
    .join(' and ');

function whatHappens(disturbance: Disturbance, { name, target }: NamedTarget<TargetOf<'toxiproxy'>>): string {
  const through = `through proxy "${target.proxy}" (${name})`;
  const where = disturbance.direction === 'both' ? '' : `, ${disturbance.direction} only`;
  switch (disturbance.kind) {
    case 'cut':
      return `${cuts[disturbance.mode](through)}${where}`;
    case 'latency':
      return `every connection ${through} is ${disturbance.latencyMs} ms ± ${disturbance.jitterMs} ms slower in each direction${where}`;
    case 'bandwidth':
      return `every single connection ${through} passes at most ${Math.round(disturbance.bytesPerSecond / 1000)} kB a second in each direction${where}`;
    case 'loss':
      throw new TypeError('Toxiproxy has no packet loss');
  }
}

const cuts = {
  drop: (through: string) =>
    `nothing passes ${through}: open connections hang, new ones are accepted and hang; when it ends, all that are open then are closed`,
  reject: (through: string) => `all connections ${through} are closed, and new ones are refused`,
  reset: (through: string) =>
    `connections ${through} end at their next byte: those that are open are closed, new ones are reset`,
};
