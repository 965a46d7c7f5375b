import type { CutMode } from '../../drills/network/driver.ts';
import { LinkClient } from '../../drills/proxy/link-client.ts';
import { systemClock } from '../../kit/clock.ts';
import type { Measurement } from '../table.ts';
import { holdOpen } from './processes.ts';

const connections = 500;
/** Each connection has a message under way so often: five thousand a second in all. */
const everyMs = 100;
const rounds = 5;
/** Long enough for every connection to have been used. */
const settleMs = 1000;

interface Seen {
  lastByteAt: number;
  lastClosedAt: number;
  closed: number;
}

/** How long after the decision (the request is about to be sent) the last byte arrived, and the last connection was over. */
interface Effect {
  lastByteMs: number;
  lastClosedMs: number;
}

/** From the decision until no byte arrives any more, and until the last of them has its reset. */
export async function measureCuts(control: string, port: number): Promise<Measurement[]> {
  const client = new LinkClient({ control, link: 'echo' }, fetch);
  // The first request of a process takes longer: it connects, and compiles.
  await client.state();
  const [drops, resets]: Effect[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    drops?.push(await effectOf(client, port, 'drop'));
    resets?.push(await effectOf(client, port, 'reset'));
  }
  const told = (what: string, effects: Effect[] = [], pick: (one: Effect) => number) => ({
    what: `proxy: cut (${what}) of ${connections} connections`,
    value: effects.map(pick).toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN,
    unit: 'ms',
    target: 20,
  });
  return [
    told('drop, last byte', drops, ({ lastByteMs }) => lastByteMs),
    told('reset, last byte', resets, ({ lastByteMs }) => lastByteMs),
    // Most of this is the work of who is reset: five hundred errors, on the processors of which the proxy uses one.
    told('reset, last reset seen', resets, ({ lastClosedMs }) => lastClosedMs),
  ];
}

async function effectOf(client: LinkClient, port: number, mode: CutMode): Promise<Effect> {
  await using holder = await holdOpen(port, connections, everyMs);
  await systemClock.sleep(settleMs);
  const decidedAt = performance.timeOrigin + performance.now();
  const disturbance = { kind: 'cut', mode, direction: 'both' } as const;
  const result = await client.hold({ holder: 'bench', disturbance, leaseMs: 60_000 });
  if (!result.ok || result.touched !== connections) throw new Error(`the cut hit ${JSON.stringify(result)}`);
  await systemClock.sleep(settleMs);
  const { lastByteAt, lastClosedAt, closed } = await holder.ask<Seen>();
  await client.release('bench', 'bench');
  if (mode === 'reset' && closed !== connections) throw new Error(`${closed} of ${connections} were reset`);
  return {
    lastByteMs: Math.max(0, lastByteAt - decidedAt),
    lastClosedMs: Math.max(0, lastClosedAt - decidedAt),
  };
}
