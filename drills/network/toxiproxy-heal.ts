import type { Clock } from '../../kit/clock.ts';
import type { ProxyState, Toxic, ToxiproxyClient } from './toxiproxy-client.ts';
import { isHeldUp } from './toxiproxy-sockets.ts';
import { rejectMark, toxicNames } from './toxiproxy-toxics.ts';

/** Toxiproxy forgets a closed connection after it has noticed in each direction: some milliseconds, on a busy computer more. */
const forgetMs = 200;

/**
 * Takes back what a holder has done to a proxy, and sees that it is gone; safe to repeat, and where there was nothing. A proxy that
 * is no longer there has taken it with it.
 */
export async function healProxy(
  client: ToxiproxyClient,
  holder: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  const state = await client.state(signal);
  if (!state) return;
  const left = leftOf(state, holder);
  if (left.length === 0) return;
  const mark = rejectMark(holder);
  let { enabled } = state;
  if (enabled && (await isHeldUpOrUnknown(state, clock, signal))) {
    // Closing all connections is the only way that does not hang. From here on it is a proxy that this holder has disabled.
    await closeConnections(client, left.includes(mark.name) ? undefined : mark, clock);
    enabled = false;
    left.push(mark.name);
  }
  await Promise.all(left.map((name) => name !== mark.name && client.remove(name, signal)));
  if (left.includes(mark.name)) {
    // In this order: whoever dies in between leaves the mark, and the next undo knows what to do.
    if (!enabled) await client.enable(true, signal);
    await client.remove(mark.name, signal);
  }
  const after = await client.state(signal);
  const still = after ? leftOf(after, holder) : [];
  if (still.length > 0) throw new Error(`Toxiproxy still has ${still.join(', ')}`);
}

/** All of it or nothing, whatever is aborted meanwhile: disabled without a mark, nobody would know who may enable it again. */
async function closeConnections(
  client: ToxiproxyClient,
  mark: Toxic | undefined,
  clock: Clock,
): Promise<void> {
  await client.enable(false);
  try {
    await clock.sleep(forgetMs);
    if (mark) await client.add(mark);
  } catch (error) {
    await client.enable(true);
    throw error;
  }
}

/** The toxics of this holder on a proxy. */
export function leftOf({ toxics }: ProxyState, holder: string): string[] {
  const ours = new Set(toxicNames(holder));
  return toxics.map(({ name }) => name).filter((name) => ours.has(name));
}

async function isHeldUpOrUnknown(state: ProxyState, clock: Clock, signal?: AbortSignal): Promise<boolean> {
  try {
    return await isHeldUp(state, clock, signal);
  } catch {
    return true; // Not Linux: the way that cannot hang.
  }
}
