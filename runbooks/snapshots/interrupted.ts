import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import { UnavailableError } from '../../kit/errors.ts';
import type { SnapshotSet } from './set.ts';
import { syncToDisk } from './sync.ts';

const noteFile = ({ store }: SnapshotSet): string => path.join(store, 'rolling-back');

/** Before the first setting is restored: whoever comes after a crash must know that settings and folder may not belong together. */
export async function noteRollback(set: SnapshotSet, to: string): Promise<void> {
  writeFileAtomic(noteFile(set), to, 0o600);
  await syncToDisk(set.store);
}

/** Settings and folder belong together again. */
export function forgetRollback(set: SnapshotSet): void {
  rmSync(noteFile(set), { force: true });
}

/** A mixture must not become a snapshot that somebody trusts. */
export function demandNotInterrupted(set: SnapshotSet): void {
  if (!existsSync(noteFile(set))) return;
  const to = readFileSync(noteFile(set), 'utf8');
  throw new UnavailableError(
    'snapshot.interrupted',
    `a rollback of "${set.name}" to ${to} was interrupted: its settings and its folder may not belong together`,
    { mend: `Carry it out again: andon snapshot rollback ${set.name} ${to}` },
  );
}
