import type pg from 'pg';
import { UnavailableError } from '../../../kit/errors.ts';
import { explained } from '../db/demands.ts';
import { Statement, type Where } from '../db/statement.ts';

/** What a drift needs of its table. */
export interface DriftWish {
  relation: string;
  key: readonly string[];
  column?: string | undefined;
  rows: number;
  where: Where;
  how: 'change' | 'delete';
}

const facts = `
SELECT
  (SELECT count(*)::int FROM pg_trigger WHERE tgrelid = r AND NOT tgisinternal AND tgenabled <> 'D') AS triggers,
  (SELECT count(*)::int FROM pg_constraint WHERE confrelid = r AND contype = 'f') AS referenced,
  (SELECT count(*)::int FROM pg_inherits WHERE inhparent = r) AS parts,
  EXISTS (
    SELECT FROM pg_index WHERE indrelid = r AND indisunique AND indpred IS NULL AND indexprs IS NULL AND NOT EXISTS (
      SELECT FROM pg_attribute WHERE attrelid = r AND attnum = ANY (indkey) AND NOT attname = ANY ($2::text[]))
  ) AS "isUnique",
  (SELECT count(*)::int FROM pg_attribute WHERE attrelid = r AND attname = ANY ($2::text[])) AS keys,
  EXISTS (
    SELECT FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
    WHERE attrelid = r AND attname = $3 AND typcategory = 'N' AND attgenerated = '') AS "isNumber",
  has_schema_privilege(relnamespace, 'CREATE') AS "mayCreate",
  has_table_privilege(r, 'SELECT') AND has_table_privilege(r, 'INSERT')
    AND has_table_privilege(r, 'UPDATE') AND has_table_privilege(r, 'DELETE') AS "mayWrite"
FROM (SELECT $1::regclass AS r) wanted JOIN pg_class ON pg_class.oid = r`;

interface Facts {
  triggers: number;
  referenced: number;
  parts: number;
  isUnique: boolean;
  keys: number;
  isNumber: boolean;
  mayCreate: boolean;
  mayWrite: boolean;
}

const mend = 'Mend the drill, or name another table. Nothing was touched.';

/** Refuses a table whose rows could not be brought back exactly as they were. Touches nothing. */
export async function demandDrift(client: pg.Client, wish: DriftWish, target: string): Promise<void> {
  const { relation, key, column, rows } = wish;
  const what = `${relation} on ${target} cannot drift`;
  const values = [new Statement('postgres').table(relation), [...key], column ?? ''];
  const answer = await explained(client.query<Facts>(facts, values), { code: 'data.table', what, mend });
  const [found] = answer.rows;
  const why = found && reasonAgainst(found, wish);
  if (why !== undefined) throw new UnavailableError('data.table', `${what}: ${why}`, { mend });
  const statement = new Statement('postgres');
  const text = `SELECT 1 FROM ${statement.table(relation)} WHERE ${statement.where(wish.where)} LIMIT ${rows}`;
  const counted = await explained(client.query(text, statement.values), { code: 'data.rows', what, mend });
  if ((counted.rowCount ?? 0) >= rows) return;
  throw new UnavailableError(
    'data.rows',
    `${relation} on ${target} has ${counted.rowCount} of the ${rows} rows that the drill wants`,
    { mend },
  );
}

function reasonAgainst(found: Facts, { key, how, column }: DriftWish): string | undefined {
  if (!found.mayWrite || !found.mayCreate)
    return 'the role may not write it and make a table beside it (GRANT SELECT, INSERT, UPDATE, DELETE; GRANT CREATE ON SCHEMA)';
  if (found.keys < key.length) return `it has not all of the columns ${key.join(', ')}`;
  if (!found.isUnique) return `no unique index tells its rows apart by ${key.join(', ')}`;
  if (found.triggers > 0) return 'it has triggers, whose effects nobody could take back';
  if (found.parts > 0) return 'it is partitioned or inherited from';
  if (how === 'delete' && found.referenced > 0) return 'other tables refer to its rows';
  if (how === 'change' && !found.isNumber) return `${column} is no column of numbers that can be set`;
  return undefined;
}
