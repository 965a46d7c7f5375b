import path from 'node:path';
import { lastOf, readJournal } from './journal.ts';

/** In words, what happened to a run whose runner died before it could finish. */
export function describeUnfinished(run: { id: string; dir: string }): string {
  const events = readJournal(path.join(run.dir, 'journal.ndjson'));
  const stage = lastOf(events, 'stage')?.name ?? 'preflight';
  const last = events.at(-1)?.at ?? 'unknown';
  return `the earlier run ${run.id} ended without finishing, in stage ${stage} (last sign of it ${last}); ${howItHealed(lastOf(events, 'watchdog'))}`;
}

function howItHealed(watchdog: ReturnType<typeof lastOf<'watchdog'>>): string {
  if (!watchdog) return 'its watchdog left no word, so the leases and this preflight healed it';
  const undone = watchdog.undone.length === 0 ? 'nothing was in' : watchdog.undone.join('; ');
  const errors = watchdog.errors.length === 0 ? '' : `, with errors: ${watchdog.errors.join('; ')}`;
  return `the watchdog healed it at ${watchdog.at} (${undone})${errors}`;
}
