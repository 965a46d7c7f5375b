import type { Readable, Writable } from 'node:stream';
import { type Clock, isoTime } from '../kit/clock.ts';
import { NdjsonFile } from '../kit/ndjson.ts';
import { dropTornLine } from '../kit/ndjson-tail.ts';
import { type CleanUpResult, cleanUp, describeEntry, undoEntry } from './clean.ts';
import { deaf } from './deaf.ts';
import type { EventOf } from './journal.ts';
import { type UndoEntry, UndoLog } from './undo-log.ts';
import type { UndoDeps } from './undos/reverter.ts';

/** What the runner writes before it closes the pipe in peace. */
export const farewell = 'bye';

/** What a dying runner had on its way (a request in a socket, a process between fork and exec) arrives within this. */
const settleMs = 500;
/** How long an undo that fails is tried again; beyond that it is a person's turn (`andon drill clean`). */
const retryForMs = 60_000;
const retryEveryMs = 1000;

export interface WatchdogWork extends UndoDeps {
  /** The read end of the pipe whose other end only the runner holds. */
  stdin: Readable;
  stdout: Writable;
  run: string;
  undoLogFile: string;
  journalFile: string;
  clock: Clock;
}

/**
 * The watchdog's whole life: says that it is ready, waits for the end of its runner, and if that came without a farewell undoes
 * what the run has left open, in two passes, and writes into the run's journal what it did. Resolves in every case.
 */
export async function runWatchdog(work: WatchdogWork): Promise<CleanUpResult> {
  using _deaf = deaf(['SIGINT', 'SIGTERM', 'SIGHUP']);
  work.stdout.on('error', () => {}); // The runner has gone before it could listen: the pipe says so too.
  work.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
  if (await leftInPeace(work.stdin)) return { undone: [], failed: [] };
  const undoLog = new UndoLog(work.undoLogFile, work.clock);
  const pending = undoLog.pending(work.run);
  for (const entry of pending.toReversed()) await undoEntry(entry, work);
  await work.clock.sleep(settleMs);
  const result = await cleanUpPatiently(undoLog, work);
  writeJournal(work, result);
  return result;
}

/** Waits until the pipe is closed, however it comes to that; whether the runner said farewell before. */
function leftInPeace(stdin: Readable): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const end = () => resolve(said.trim() === farewell);
    stdin.setEncoding('utf8');
    stdin.on('data', (text: string) => {
      said = (said + text).slice(-farewell.length - 1);
    });
    for (const event of ['end', 'close', 'error']) stdin.once(event, end);
  });
}

async function cleanUpPatiently(undoLog: UndoLog, work: WatchdogWork): Promise<CleanUpResult> {
  const until = work.clock.now() + retryForMs;
  const undone: UndoEntry[] = [];
  for (;;) {
    const round = await cleanUp({ ...work, undoLog, by: 'watchdog' });
    undone.push(...round.undone);
    if (round.failed.length === 0 || work.clock.now() >= until) return { undone, failed: round.failed };
    await work.clock.sleep(retryEveryMs);
  }
}

function writeJournal({ journalFile, clock }: WatchdogWork, { undone, failed }: CleanUpResult): void {
  dropTornLine(journalFile);
  using journal = new NdjsonFile(journalFile);
  const event: EventOf<'watchdog'> = {
    type: 'watchdog',
    at: isoTime(clock.now()),
    undone: undone.map(describeEntry),
    errors: failed.map(({ entry, error, byHand }) => `${describeEntry(entry)}: ${error}. ${byHand}`),
  };
  journal.append(event);
}
