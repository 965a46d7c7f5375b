import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import { within } from '../kit/wait.ts';
import { deaf } from './deaf.ts';
import { revert, undoSchema } from './undo.ts';
import type { UndoDeps } from './undos/reverter.ts';
import { farewell } from './watchdog-main.ts';

/** What a leash is started with. */
export const leashWishSchema = z.strictObject({
  undo: undoSchema,
  /** However alive its runner looks, the fault is taken back after this many milliseconds. */
  longestMs: z.int().positive(),
});
export type LeashWish = z.output<typeof leashWishSchema>;

/**
 * A leash takes its fault back after this silence: shorter than the leases of servers, because the undo takes time too, and within
 * 5 s all must be over.
 */
export const leashMs = 3000;
/** What a dying runner had on its way (a request in a socket) arrives within this, and is taken back as well. */
const settleMs = 500;
/** Each attempt at the undo gets this long, and it is tried again for a minute. */
const undoLimitMs = 10_000;
const retryForMs = 60_000;
const retryEveryMs = 500;

export interface LeashWork extends LeashWish, UndoDeps {
  /** The read end of the pipe whose other end only the runner holds. */
  stdin: Readable;
  stdout: Writable;
  clock: Clock;
}

/**
 * The whole life of a leash: it waits for the farewell; when the pipe closes without one, is silent for the length of a lease, or
 * the fault has lasted longer than it ever may, it carries out the undo.
 */
export async function runLeash({ undo, longestMs, stdin, stdout, clock, ...deps }: LeashWork): Promise<void> {
  using _deaf = deaf(['SIGINT', 'SIGTERM', 'SIGHUP']);
  stdout.on('error', () => {}); // The runner has gone before it could listen: the pipe says so too.
  stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
  if (await leftInPeace(stdin, longestMs)) return;
  const until = clock.now() + retryForMs;
  const takeBack = () => {
    const limit = AbortSignal.timeout(undoLimitMs);
    return within(revert(undo, { ...deps, clock }, limit), limit);
  };
  for (;;) {
    try {
      await takeBack();
      await clock.sleep(settleMs);
      return await takeBack();
    } catch (error) {
      // The undo log still has it: `andon drill clean` says what to do by hand.
      if (clock.now() >= until) throw error;
      await clock.sleep(retryEveryMs);
    }
  }
}

/** Whether the runner said farewell before it fell silent, its pipe was closed, or the longest time was over. */
function leftInPeace(stdin: Readable, longestMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const end = (peaceful: boolean) => {
      clearTimeout(silence);
      clearTimeout(longest);
      stdin.destroy();
      resolve(peaceful);
    };
    const expire = () => end(false);
    let silence = setTimeout(expire, leashMs);
    const longest = setTimeout(expire, longestMs);
    stdin.setEncoding('utf8');
    stdin.on('data', (text: string) => {
      said = (said + text).slice(-farewell.length - 1);
      clearTimeout(silence);
      silence = setTimeout(expire, leashMs);
      if (said.trim() === farewell) end(true);
    });
    for (const event of ['end', 'close', 'error']) stdin.once(event, () => end(said.trim() === farewell));
  });
}
