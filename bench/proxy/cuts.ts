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

/** From the decision (the request is about to be sent) until no byte arrives any more, or the last of them has its reset. */
export async function measureCuts(control: string, port: number): Promise<Measurement[]> {
  const client = new LinkClient({ control, link: 'echo' }, fetch);
  // The first request of a process takes longer: it connects, and compiles.
  await client.state();
  const [drops, resets]: number[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    drops?.push(await effectMs(client, port, 'drop'));
    resets?.push(await effectMs(client, port, 'reset'));
  }
  return [
    { what: `proxy: cut of ${connections} connections, last byte after`, values: drops },
    { what: `proxy: cut of ${connections} connections, last reset after`, values: resets },
  ].map(({ what, values = [] }) => ({
    what,
    value: values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN,
    unit: 'ms',
    target: 20,
  }));
}

async function effectMs(client: LinkClient, port: number, mode: CutMode): Promise<number> {
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
  return Math.max(0, (mode === 'reset' ? lastClosedAt : lastByteAt) - decidedAt);
}
