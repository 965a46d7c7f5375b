import path from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { lockFile } from '../file-lock.ts';
import type { SnapshotSet } from './set.ts';

/** The longest operation is a rollback of some gigabytes; who waits longer should look what is going on. */
const patienceMs = 30_000;

/** The file that is locked while somebody works on the set of that store. */
export const lockOf = (store: string): string => path.join(store, 'lock.sqlite');

/** One process at a time works on a set. Configuration holds secrets: its copies are for their owner only. */
export const lockStore = (set: SnapshotSet, clock: Clock, signal?: AbortSignal): Promise<Disposable> =>
  lockFile(lockOf(set.store), {
    what: `the snapshot set "${set.name}", which another process is working on,`,
    patienceMs,
    clock,
    signal,
  });
