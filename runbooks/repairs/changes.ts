import pg from 'pg';
import { messageOf, UnavailableError } from '../../kit/errors.ts';

/** One row of `andon_repairs`: a change that a repair has made to one record. */
export interface Change {
  operation: string;
  repair: string;
  relation: string;
  /** The columns that name the row. */
  match: readonly string[];
  statement: 'insert' | 'update';
  /** The whole row as it was (null: there was none) and as it is, as the text of a JSON object. */
  before: string | null;
  after: string;
}

/** A change as it was noted. */
export interface NotedChange extends Change {
  id: string;
}

/** Who changes, in which run and why. */
export interface ChangeAuthor {
  run: number;
  runbook: string;
  operation: string;
  reason: string;
  tag: string;
  by: string;
}

/** The table in which a database keeps what was repaired in it. */
const table = `
CREATE TABLE IF NOT EXISTS andon_repairs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL, runbook text NOT NULL, operation text NOT NULL, repair text NOT NULL,
  relation text NOT NULL, match text[] NOT NULL,
  statement text NOT NULL CHECK (statement IN ('insert', 'update')), before jsonb, after jsonb NOT NULL,
  reason text NOT NULL, tag text NOT NULL, by text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
  reverted_at timestamptz, reverted_by text
)`;
const index = 'CREATE INDEX IF NOT EXISTS andon_repairs_operation ON andon_repairs (operation)';
/** Two that create it at once would hinder each other. */
const takeTurns = 'SELECT pg_advisory_xact_lock(7261006)';

const isThere = async (client: pg.Client): Promise<boolean> => {
  const { rows } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('andon_repairs') IS NOT NULL AS found",
  );
  return rows[0]?.found === true;
};

/** Makes the table where it is missing, inside the transaction of the repair. */
export async function ensureChanges(client: pg.Client): Promise<void> {
  if (await isThere(client)) return;
  try {
    for (const text of [takeTurns, table, index]) await client.query(text);
  } catch (error) {
    throw new UnavailableError('repair.no-table', `andon_repairs cannot be made: ${messageOf(error)}`, {
      mend: `Nothing was changed. Let an administrator run: ${table.trim().replaceAll(/\s+/g, ' ')};`,
      cause: error,
    });
  }
}

const noteText = `
INSERT INTO andon_repairs (run, runbook, operation, repair, relation, match, statement, before, after, reason, tag, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

/** Notes a change in the transaction that makes it. */
export async function noteChange(client: pg.Client, change: Change, author: ChangeAuthor): Promise<void> {
  const { run, runbook, operation, reason, tag, by } = author;
  const { repair, relation, match, statement, before, after } = change;
  const values = [run, runbook, operation, repair, relation, [...match], statement, before, after];
  await client.query(noteText, [...values, reason, tag, by]);
}

const changesText = `
SELECT id, operation, repair, relation, match, statement, before::text AS before, after::text AS after
FROM andon_repairs WHERE operation = $1 AND reverted_at IS NULL AND at > now() - $2 * interval '1 millisecond'
ORDER BY id DESC FOR UPDATE`;

/** What an operation has changed and nobody has taken back, the newest first; nobody else takes it back meanwhile. */
export async function changesOf(
  client: pg.Client,
  operation: string,
  youngerThanMs: number,
): Promise<NotedChange[]> {
  if (!(await isThere(client))) return [];
  return (await client.query<NotedChange>(changesText, [operation, youngerThanMs])).rows;
}

/** Notes that a change was taken back. */
export async function noteReverted(client: pg.Client, id: string, by: string): Promise<void> {
  await client.query('UPDATE andon_repairs SET reverted_at = now(), reverted_by = $2 WHERE id = $1', [
    id,
    by,
  ]);
}

/** A name as SQL takes it, with its schema or without: nothing of a configuration becomes SQL. */
export const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');
