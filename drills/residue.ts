import { type Clock, systemClock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';

/** Servers need a moment to notice that a client has gone; what is there longer stays there. */
const noticeMs = 2000;

/** What is still left, once it had a moment to go. An answer that cannot be had is residue too: nothing is proven by it. */
export async function lastingResidue(
  what: string,
  ask: () => Promise<string[]> | string[],
  clock: Clock = systemClock,
): Promise<string[]> {
  const until = clock.now() + noticeMs;
  for (;;) {
    const left = await asked(what, ask);
    if (left.length === 0 || clock.now() >= until) return left;
    await clock.sleep(100);
  }
}

async function asked(what: string, ask: () => Promise<string[]> | string[]): Promise<string[]> {
  try {
    return await ask();
  } catch (error) {
    return [`whether ${what} is left behind cannot be told: ${messageOf(error)}`];
  }
}
