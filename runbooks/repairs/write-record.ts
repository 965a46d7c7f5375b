import type pg from 'pg';
import { RolledBackError } from '../../kit/rolled-back.ts';
import { type Change, quoted } from './changes.ts';
import type { Repair } from './repair.ts';

/** How a record reads in the system that is right; undefined when it is not there any more. */
export async function readRecord(
  client: pg.Client,
  { record, name, from }: Repair,
  keys: readonly string[],
): Promise<string | undefined> {
  const text = `SELECT to_jsonb(found)::text AS record FROM (${record}) AS found`;
  const { rows } = await client.query<{ record: string }>(text, [...keys]);
  if (rows.length > 1)
    throw new RolledBackError(`${name}: ${from.system} has ${rows.length} records ${keys.join(', ')}`);
  return rows[0]?.record;
}

/**
 * Lets one row of the table be as the record, which a JSON object describes; undefined when it already is so. Throws a RolledBackError
 * when that would concern more than one row.
 */
export async function writeRecord(
  client: pg.Client,
  repair: Repair,
  operation: string,
  record: string,
): Promise<Change | undefined> {
  const found = await lockRow(client, repair, record);
  if (found?.same) return undefined;
  const { name, table: relation, match } = repair;
  const change = { operation, repair: name, relation, match };
  if (found) {
    const after = await one(client, updateText(repair, record), marked(repair, record), repair);
    return { ...change, statement: 'update', before: found.row, after };
  }
  const after = await one(client, insertText(repair, record), marked(repair, record), repair);
  return { ...change, statement: 'insert', before: null, after };
}

interface Found {
  row: string;
  same: boolean;
}

async function lockRow(client: pg.Client, repair: Repair, record: string): Promise<Found | undefined> {
  const columns = columnsOf(record);
  const of = (alias: string) => `(${columns.map((column) => `${alias}.${quoted(column)}`).join(', ')})`;
  const text = `SELECT to_jsonb(t)::text AS row, ${of('t')} IS NOT DISTINCT FROM ${of('r')} AS same
    FROM ${quoted(repair.table)} AS t, jsonb_populate_record(NULL::${quoted(repair.table)}, $1::jsonb) AS r
    WHERE ${sameRow(repair.match)} FOR UPDATE OF t`;
  const { rows } = await client.query<Found>(text, [record]);
  if (rows.length > 1)
    throw new RolledBackError(
      `${repair.name}: ${rows.length} rows of ${repair.table} match by ${repair.match.join(', ')}; one was expected`,
    );
  return rows[0];
}

/** The condition under which `t` is the row that `r` names. */
export const sameRow = (match: readonly string[]): string =>
  match.map((column) => `t.${quoted(column)} = r.${quoted(column)}`).join(' AND ');

const columnsOf = (record: string): string[] => Object.keys(JSON.parse(record) as object);

/** What is written: the record, and the mark where there is one. */
const marked = ({ mark }: Repair, record: string): [string, string] => [
  record,
  JSON.stringify(mark ? { [mark.column]: mark.value } : {}),
];

function written({ mark, table }: Repair, record: string): { columns: string[]; values: string } {
  const columns = [...new Set([...columnsOf(record), ...(mark ? [mark.column] : [])])].map(quoted);
  return { columns, values: `jsonb_populate_record(NULL::${quoted(table)}, $1::jsonb || $2::jsonb) AS r` };
}

function insertText(repair: Repair, record: string): string {
  const { columns, values } = written(repair, record);
  return `INSERT INTO ${quoted(repair.table)} AS t (${columns.join(', ')})
    SELECT ${columns.map((column) => `r.${column}`).join(', ')} FROM ${values} RETURNING to_jsonb(t)::text AS after`;
}

function updateText(repair: Repair, record: string): string {
  const { columns, values } = written(repair, record);
  return `UPDATE ${quoted(repair.table)} AS t SET ${columns.map((column) => `${column} = r.${column}`).join(', ')}
    FROM ${values} WHERE ${sameRow(repair.match)} RETURNING to_jsonb(t)::text AS after`;
}

/** The guard: each statement changes exactly one row, or nothing at all is changed. */
async function one(
  client: pg.Client,
  text: string,
  values: [string, string],
  { name, table }: Repair,
): Promise<string> {
  const { rows } = await client.query<{ after: string }>(text, values);
  const [row] = rows;
  if (rows.length === 1 && row) return row.after;
  throw new RolledBackError(`${name}: a statement changed ${rows.length} rows of ${table}; one was expected`);
}
