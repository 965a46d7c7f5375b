import { UnavailableError } from '../../../kit/errors.ts';
import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { Statement } from '../db/statement.ts';

/** What keeps a server busy. */
export type WorkKind = 'cpu' | 'io';

/** Smaller tables are read in no time, and stay in memory. */
const leastBytes = 1024 * 1024;

/** A statement, with its values. */
export interface Work {
  text: string;
  values: unknown[];
}

/** So much arithmetic that it fills a processor for about a second: it is done in place, without a temporary file. */
const burning: Record<DrillEngine['kind'], (count: number) => string> = {
  postgres: (count) =>
    `SELECT count(*) FROM (SELECT generate_series(1, ${count}) AS n) AS numbers WHERE sqrt(n) < 0`,
  mysql: (count) => `SELECT BENCHMARK(${count}, SHA2('andon', 256))`,
};
const second = { postgres: 10_000_000, mysql: 4_000_000 };

/** A thirtieth of that: longer than a scheduler lets a newcomer run undisturbed, and no load by itself. */
export const control = (kind: DrillEngine['kind']): string => burning[kind](Math.round(second[kind] / 30));

/** Settings of a session that works: one processor each, and no compiling of statements. */
export const settings: Record<DrillEngine['kind'], string> = {
  postgres: 'SET max_parallel_workers_per_gather = 0; SET jit = off',
  mysql: 'SET @andon = 0',
};

/** The statement that each worker repeats. Throws UnavailableError when there is nothing that could be read. */
export async function workOf(kind: WorkKind, engine: DrillEngine, session: DrillSession): Promise<Work> {
  if (kind === 'cpu') return { text: burning[engine.kind](second[engine.kind]), values: [] };
  const [biggest] = await session.query<{ schema: string; name: string; bytes: number | string }>(
    biggestTable[engine.kind],
  );
  if (!biggest || Number(biggest.bytes) < leastBytes)
    throw new UnavailableError(
      'db-slow.nothing-to-read',
      `${engine.address} has no table over 1 MB to read`,
      {
        mend: 'Use kind: cpu, or let the user of the admin_url read the big tables (GRANT SELECT). Nothing was touched.',
      },
    );
  const statement = new Statement(engine.kind);
  const table = `${statement.column(biggest.schema)}.${statement.column(biggest.name)}`;
  // PostgreSQL looks at each row, so that it reads no index instead; MariaDB gives no answer that it has given before.
  const what = engine.kind === 'postgres' ? 'count(t.*)' : 'SQL_NO_CACHE COUNT(*)';
  return { text: `SELECT ${what} FROM ${table} AS t`, values: statement.values };
}

const biggestTable: Record<DrillEngine['kind'], string> = {
  postgres: `
    SELECT nspname AS schema, relname AS name, pg_table_size(c.oid)::float8 AS bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND relpersistence <> 't' AND nspname NOT IN ('pg_catalog', 'information_schema')
      AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY bytes DESC LIMIT 1`,
  mysql: `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name, DATA_LENGTH AS bytes FROM information_schema.TABLES
    WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
    ORDER BY DATA_LENGTH DESC LIMIT 1`,
};

/** Codes of a statement that was ended by its limit, or by somebody who cancelled it: PostgreSQL, MariaDB, MySQL. */
const endedCodes: readonly unknown[] = ['57014', 1969, 3024, 1317];

/** Whether a statement was ended in the middle of its work: it has kept the server busy all the same. */
export const wasEnded = (error: unknown): boolean => {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  return endedCodes.includes(code) || endedCodes.includes(errno);
};
