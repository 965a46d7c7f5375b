import type pg from 'pg';
import { inTransaction } from '../../kit/postgres-transaction.ts';
import { RolledBackError } from '../../kit/rolled-back.ts';
import type { Targets } from '../../kit/targets.ts';
import { recompute } from './apply.ts';
import { changesOf, type NotedChange, noteReverted, quoted } from './changes.ts';
import { postgresOf, type Repair, type RepairSystem, type Repairs } from './repair.ts';
import { repairSession } from './sessions.ts';
import { sameRow } from './write-record.ts';

/** What became of the changes of one operation. */
export interface Reverted {
  reverted: NotedChange[];
  /** What was left as it is, and why. */
  left: { change: NotedChange; why: string }[];
}

export interface RevertWish {
  operation: string;
  youngerThanMs: number;
  by: string;
}

/** Every database that a repair writes, once. */
export function writtenSystems(repairs: Repairs): RepairSystem[] {
  const systems = Object.values(repairs).map(({ into }) => into);
  return systems.filter(
    ({ target }, index) => systems.findIndex((other) => other.target === target) === index,
  );
}

/**
 * Puts back what an operation has changed in one database, in one transaction: only rows that still are as the repair left them.
 * Nothing is changed where it has changed nothing, or all is taken back already.
 */
export function revertIn(
  system: RepairSystem,
  wish: RevertWish,
  { repairs, targets, signal }: { repairs: Repairs; targets: Targets; signal: AbortSignal },
): Promise<Reverted> {
  return inTransaction(repairSession(postgresOf(targets, system)), 'READ WRITE', signal, async (client) => {
    const result: Reverted = { reverted: [], left: [] };
    for (const change of await changesOf(client, wish.operation, wish.youngerThanMs)) {
      signal.throwIfAborted();
      const why = await putBack(client, change);
      if (why !== undefined) result.left.push({ change, why });
      else {
        await noteReverted(client, change.id, wish.by);
        result.reverted.push(change);
      }
    }
    for (const [name, changes] of Map.groupBy(result.reverted, ({ repair }) => repair))
      await recompute(client, repairs[name] ?? nothingDerived, changes);
    return result;
  });
}

const nothingDerived: Pick<Repair, 'recompute'> = { recompute: [] };

/** Why the row was left, or undefined when it is as it was before. */
async function putBack(client: pg.Client, change: NotedChange): Promise<string | undefined> {
  const table = quoted(change.relation);
  const named = `jsonb_populate_record(NULL::${table}, $1::jsonb) AS r`;
  const where = sameRow(change.match);
  const { rows } = await client.query<{ same: boolean }>(
    `SELECT to_jsonb(t) = $1::jsonb AS same FROM ${table} AS t, ${named} WHERE ${where} FOR UPDATE OF t`,
    [change.after],
  );
  if (rows.length === 0) return 'the row is gone';
  if (rows.length > 1) return `${rows.length} rows match`;
  if (!rows[0]?.same) return 'the row was changed after the repair';
  const { rowCount } =
    change.before === null
      ? await client.query(`DELETE FROM ${table} AS t USING ${named} WHERE ${where}`, [change.after])
      : await client.query(await updateText(client, change, change.before), [change.before]);
  if (rowCount !== 1)
    throw new RolledBackError(`taking back a change of ${change.relation} concerned ${rowCount} rows`);
  return undefined;
}

const computed = `
SELECT attname AS name FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND (attgenerated <> '' OR attidentity = 'a')`;

/** Sets all columns but those that the database computes itself. */
async function updateText(
  client: pg.Client,
  { relation, match }: NotedChange,
  before: string,
): Promise<string> {
  const table = quoted(relation);
  const { rows } = await client.query<{ name: string }>(computed, [table]);
  const own = new Set(rows.map(({ name }) => name));
  const columns = Object.keys(JSON.parse(before) as object).filter((column) => !own.has(column));
  const set = columns.map((column) => `${quoted(column)} = r.${quoted(column)}`).join(', ');
  return `UPDATE ${table} AS t SET ${set} FROM jsonb_populate_record(NULL::${table}, $1::jsonb) AS r
    WHERE ${sameRow(match)}`;
}
