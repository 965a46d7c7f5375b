import { createHash } from 'node:crypto';
import pg from 'pg';
import { Statement, type Where } from '../db/statement.ts';

/** Everything that concerns one drift, as its undo keeps it: no value of any row stands in it. */
export interface SavedRows {
  /** The table that drifts, with its schema where the drill gives one. */
  relation: string;
  /** The columns that tell its rows apart. */
  key: readonly string[];
  /** A table of the same schema, which holds the rows as they were until they are right again. */
  saved: string;
  how: 'change' | 'delete';
  /** What is changed, and by how much; only with `change`. */
  column?: string | undefined;
  by?: number | undefined;
}

/** All tables of saved rows are called so: a survey finds them by it. */
export const savedPrefix = 'andon_drift_';

/** The name of the table that keeps the rows of one drift of one run. */
export function savedName(run: string, wish: object): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([run, wish]))
    .digest('hex');
  return `${savedPrefix}${digest.slice(0, 20)}`;
}

const quoted = (name: string): string => new Statement('postgres').table(name);
const column = pg.escapeIdentifier;

/** The saved rows stand beside the table they come from. */
const savedTable = ({ relation, saved }: SavedRows): string =>
  quoted([...relation.split('.').slice(0, -1), saved].join('.'));

const sameKey = ({ key }: SavedRows): string =>
  key.map((name) => `t.${column(name)} = s.${column(name)}`).join(' AND ');

/** Saves the newest rows that the drill wants and lets them drift; returns how many. To be called in one transaction. */
export async function letDrift(
  client: pg.Client,
  rows: SavedRows,
  { most, where }: { most: number; where: Where },
): Promise<number> {
  const statement = new Statement('postgres');
  const order = rows.key.map((name) => `${column(name)} DESC`).join(', ');
  const chosen = `SELECT ctid FROM ${quoted(rows.relation)} WHERE ${statement.where(where)}
    ORDER BY ${await newestFirst(client, rows.relation, order)} LIMIT ${most} FOR UPDATE SKIP LOCKED`;
  const found = await client.query<{ ctid: string }>(chosen, statement.values);
  const places = [found.rows.map(({ ctid }) => ctid)];
  await client.query(`CREATE TABLE ${savedTable(rows)} (LIKE ${quoted(rows.relation)})`);
  const save = `INSERT INTO ${savedTable(rows)} SELECT * FROM ${quoted(rows.relation)} WHERE ctid = ANY ($1::tid[])`;
  await client.query(save, places);
  const { rowCount } = await client.query(driftText(rows), rows.how === 'change' ? [rows.by] : []);
  return rowCount ?? 0;
}

/** The newest by the primary key, which a plant counts up; by the key of the drill where there is none. */
async function newestFirst(client: pg.Client, relation: string, otherwise: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(primaryKey, [quoted(relation)]);
  return rows.length > 0 ? rows.map(({ name }) => `${column(name)} DESC`).join(', ') : otherwise;
}

const primaryKey = `
SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
WHERE indrelid = $1::regclass AND indisprimary ORDER BY array_position(indkey::int2[], attnum)`;

function driftText(rows: SavedRows): string {
  const from = `${savedTable(rows)} AS s`;
  if (rows.how === 'delete')
    return `DELETE FROM ${quoted(rows.relation)} AS t USING ${from} WHERE ${sameKey(rows)}`;
  const changed = column(rows.column ?? '');
  return `UPDATE ${quoted(rows.relation)} AS t SET ${changed} = s.${changed} + $1 FROM ${from} WHERE ${sameKey(rows)}`;
}

/** Whether the rows are still kept, that is, whether the drift has not been taken back. */
export async function isSaved(client: pg.Client, rows: SavedRows): Promise<boolean> {
  const text = 'SELECT to_regclass($1) IS NOT NULL AS found';
  return (await client.query<{ found: boolean }>(text, [savedTable(rows)])).rows[0]?.found === true;
}

/** How many rows are still as the drill left them. Nobody else's change counts: that row is right, or somebody's own matter. */
export async function stillDrifted(client: pg.Client, rows: SavedRows): Promise<number> {
  const text = `SELECT count(*)::int AS n FROM ${savedTable(rows)} AS s WHERE ${driftedCondition(rows)}`;
  const { rows: counted } = await client.query<{ n: number }>(text, rows.how === 'change' ? [rows.by] : []);
  return counted[0]?.n ?? 0;
}

function driftedCondition(rows: SavedRows): string {
  const there = `SELECT FROM ${quoted(rows.relation)} AS t WHERE ${sameKey(rows)}`;
  if (rows.how === 'delete') return `NOT EXISTS (${there})`;
  const changed = column(rows.column ?? '');
  return `EXISTS (${there} AND t.${changed} = s.${changed} + $1)`;
}

/**
 * Lets every row that is still as the drill left it be as it was, and forgets the saved ones. Who takes it back at the same time waits
 * for the other and finds nothing to do. To be called in one transaction.
 */
export async function restore(client: pg.Client, rows: SavedRows): Promise<void> {
  await client.query(`LOCK TABLE ${savedTable(rows)} IN ACCESS EXCLUSIVE MODE`);
  await client.query(await restoreText(client, rows), rows.how === 'change' ? [rows.by] : []);
  await client.query(`DROP TABLE ${savedTable(rows)}`);
}

async function restoreText(client: pg.Client, rows: SavedRows): Promise<string> {
  const table = quoted(rows.relation);
  if (rows.how === 'change') {
    const changed = column(rows.column ?? '');
    return `UPDATE ${table} AS t SET ${changed} = s.${changed} FROM ${savedTable(rows)} AS s
      WHERE ${sameKey(rows)} AND t.${changed} = s.${changed} + $1`;
  }
  const own = await client.query<{ name: string }>(ownColumns, [table]);
  const columns = own.rows.map(({ name }) => column(name)).join(', ');
  // A runbook that puts the same record in at this moment is quicker: then there is nothing to do.
  return `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE
    SELECT ${columns} FROM ${savedTable(rows)} AS s WHERE ${driftedCondition(rows)} ON CONFLICT DO NOTHING`;
}

const ownColumns = `
SELECT attname AS name FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`;
