import { UnavailableError } from '../../../kit/errors.ts';
import { explained, type Place } from '../db/demands.ts';
import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { Statement, type Where } from '../db/statement.ts';

/** Of so many rows two are taken for each deadlock. */
const mostRows = 200;

/** A row by the columns of its key: text on PostgreSQL, which understands that for every type. */
export type RowKey = Record<string, string | number>;

/** Which rows a storm may take. */
export interface RowsWish {
  relation: string;
  where: Where;
  /** The columns that tell a row from all others; those of the primary key when left out. */
  key?: readonly string[] | undefined;
}

const postgresKey = `
  SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
  WHERE indrelid = $1::regclass AND indisprimary`;
const mysqlKey = `
  SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS
  WHERE INDEX_NAME = 'PRIMARY' AND TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?`;

/** Two rows or more. Throws UnavailableError when there are fewer, or nothing tells them apart. */
export async function rowsOf(place: Place, wish: RowsWish): Promise<RowKey[]> {
  const { kind, session, target } = place;
  const what = `rows of ${wish.relation} on ${target} cannot be told apart`;
  const mend = 'Mend relation, where and key in the drill. Nothing was touched.';
  const key =
    wish.key ?? (await explained(primaryKey(place, wish.relation), { code: 'db.rows', what, mend }));
  if (key.length === 0)
    throw new UnavailableError('db.rows', `${what}: the table has no primary key`, {
      mend: 'Name the columns of a unique index as key: in the drill. Nothing was touched.',
    });
  const rows = await explained(read(kind, session, wish, key), { code: 'db.rows', what, mend });
  if (rows.length >= 2) return rows;
  throw new UnavailableError(
    'db.rows',
    `a deadlock needs two rows, and ${wish.relation} on ${target} has ${rows.length} as the drill wants them`,
    { mend: 'Mend where: in the drill, or name another table. Nothing was touched.' },
  );
}

async function primaryKey({ kind, session }: Place, relation: string): Promise<string[]> {
  const [table, schema] = relation.split('.').toReversed();
  const rows = await (kind === 'postgres'
    ? session.query<{ name: string }>(postgresKey, [new Statement(kind).table(relation)])
    : session.query<{ name: string }>(mysqlKey, [schema ?? null, table]));
  return rows.map(({ name }) => name);
}

async function read(
  kind: DrillEngine['kind'],
  session: DrillSession,
  { relation, where }: RowsWish,
  key: readonly string[],
): Promise<RowKey[]> {
  const statement = new Statement(kind);
  const asText = kind === 'postgres' ? '::text' : '';
  const columns = key.map((name, index) => `${statement.column(name)}${asText} AS k${index}`).join(', ');
  const table = statement.table(relation);
  const text = `SELECT ${columns} FROM ${table} WHERE ${statement.where(where)} LIMIT ${mostRows}`;
  const rows = await session.query<RowKey>(text, statement.values);
  return rows.map((row) => Object.fromEntries(key.map((name, index) => [name, row[`k${index}`] ?? ''])));
}

/** Locks one row until the end of the transaction, and changes nothing; returns whether it is still there. */
export async function lockRow(
  kind: DrillEngine['kind'],
  session: DrillSession,
  relation: string,
  row: RowKey,
): Promise<boolean> {
  const statement = new Statement(kind);
  const table = statement.table(relation);
  const text = `SELECT 1 FROM ${table} WHERE ${statement.where(row)} FOR UPDATE`;
  return (await session.query(text, statement.values)).length > 0;
}
