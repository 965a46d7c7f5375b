import { readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import { isoTime } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { isFileLocked } from '../file-lock.ts';
import { type SnapshotSet, storeOf } from './set.ts';
import { lockOf } from './store-lock.ts';
import { syncToDisk } from './sync.ts';

const noteFile = (store: string): string => path.join(store, 'rolling-back');

/** Before the first setting is restored: whoever comes after a crash must know that settings and folder may not belong together. */
export async function noteRollback({ store }: SnapshotSet, to: string): Promise<void> {
  writeFileAtomic(noteFile(store), to, 0o600);
  await syncToDisk(store);
}

/** Settings and folder belong together again. */
export function forgetRollback({ store }: SnapshotSet): void {
  rmSync(noteFile(store), { force: true });
}

/** A mixture must not become a snapshot that somebody trusts. The caller holds the set's lock. */
export function demandNotInterrupted(set: SnapshotSet): void {
  const found = noteIn(set);
  if (!found) return;
  const { what, mend } = found;
  throw new UnavailableError('snapshot.interrupted', what, { mend });
}

/** Whether settings and folder may not belong together now. The caller holds the set's lock. */
export const isInterrupted = (set: SnapshotSet): boolean => noteIn(set) !== undefined;

/** A set whose settings and folder may not belong together, in sentences. */
export interface BrokenOff {
  set: string;
  what: string;
  /** What to do now. */
  mend: string;
}

/** The sets of which a rollback was broken off and is not at work any more, for whoever looks hours later. */
export function brokenOffRollbacks(
  sets: Readonly<Record<string, { store?: string | undefined }>>,
): BrokenOff[] {
  return Object.entries(sets).flatMap(([name, { store }]) => {
    const set = { name, store: storeOf(name, store) };
    try {
      const first = noteIn(set);
      if (!first || isFileLocked(lockOf(set.store))) return [];
      // Between the two looks it may have ended, or another one have begun.
      const again = noteIn(set);
      return again?.at === first.at ? [again] : [];
    } catch (error) {
      const what = `whether a rollback of "${name}" was broken off cannot be told: ${messageOf(error)}`;
      return [{ set: name, what, mend: `Look as the user that ${set.store} belongs to` }];
    }
  });
}

/** What is noted, and when it was (Unix milliseconds); undefined where nothing is. */
function noteIn({
  name,
  store,
}: Pick<SnapshotSet, 'name' | 'store'>): (BrokenOff & { at: number }) | undefined {
  try {
    const to = readFileSync(noteFile(store), 'utf8');
    const { mtimeMs: at } = statSync(noteFile(store));
    return {
      ...{ set: name, at },
      what: `a rollback of "${name}" to ${to} was broken off at ${isoTime(Math.round(at))}: its settings and its folder may not belong together`,
      mend: `Carry it out again: andon snapshot rollback ${name} ${to}`,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
