import type pg from 'pg';
import { inTransaction } from '../../kit/postgres-transaction.ts';
import type { Targets } from '../../kit/targets.ts';
import { type Change, type ChangeAuthor, ensureChanges, noteChange } from './changes.ts';
import type { Drift } from './differences.ts';
import { postgresOf, type Repair } from './repair.ts';
import { repairSession } from './sessions.ts';
import { readRecord, writeRecord } from './write-record.ts';

/**
 * Repairs these records in one transaction, together with the note of each change. What is right is read once more, inside a
 * transaction of its own that stays open meanwhile: a record that has become right, or is gone there, is left alone.
 */
export function applyRepair(
  repair: Repair,
  drifts: readonly Drift[],
  author: ChangeAuthor,
  targets: Targets,
  signal: AbortSignal,
): Promise<Change[]> {
  const from = postgresOf(targets, repair.from);
  const into = postgresOf(targets, repair.into);
  return inTransaction(repairSession(from), 'READ ONLY', signal, (reader) =>
    inTransaction(repairSession(into), 'READ WRITE', signal, async (writer) => {
      const changes: Change[] = [];
      for (const { keys } of drifts) {
        signal.throwIfAborted();
        const record = await readRecord(reader, repair, Object.values(keys));
        const change = record && (await writeRecord(writer, repair, author.operation, record));
        if (!change) continue;
        if (changes.length === 0) await ensureChanges(writer);
        await noteChange(writer, change, author);
        changes.push(change);
      }
      await recompute(writer, repair, changes);
      return changes;
    }),
  );
}

/** Makes anew what is derived from rows that have changed. */
export async function recompute(
  client: pg.Client,
  { recompute: statements }: Pick<Repair, 'recompute'>,
  changes: readonly Pick<Change, 'before' | 'after'>[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.flatMap(({ before, after }) => (before === null ? [after] : [before, after]));
  // As text, because JavaScript's numbers are not as exact as the database's.
  for (const statement of statements) await client.query(statement, [`[${rows.join(',')}]`]);
}
