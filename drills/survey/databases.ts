import type { RowDataPacket } from 'mysql2/promise';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import type { TargetOf } from '../../kit/targets.ts';

/** A survey that takes longer is stuck itself. */
const limitMs = 3000;

/** Sessions of any drill, what they lock, rows it keeps, and settings that were changed on the running server. */
const postgresTraces = `
  SELECT 'session of ' || application_name AS trace FROM pg_stat_activity WHERE application_name LIKE 'andon-drill-%'
  UNION ALL
  SELECT 'lock of ' || application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE application_name LIKE 'andon-drill-%' AND locktype IN ('relation', 'tuple')
  UNION ALL
  SELECT 'rows kept in ' || oid::regclass FROM pg_class WHERE relname LIKE 'andon\\_drift\\_%' AND relkind = 'r'
  UNION ALL
  SELECT 'setting ' || name || ' = ' || setting FROM pg_settings
  WHERE name IN ('default_transaction_read_only', 'max_connections')`;

const mysqlTraces = "SELECT CONCAT('setting read_only = ', @@global.read_only) AS trace";

/** What of a database a drill could leave changed. Asks views of the server alone, which no lock of the plant holds up. */
export async function surveyDatabase(target: TargetOf<'postgres'> | TargetOf<'mysql'>): Promise<string[]> {
  const url = target.admin_url ?? target.url;
  return target.kind === 'postgres' ? surveyPostgres(url) : surveyMysql(url);
}

async function surveyPostgres(url: string): Promise<string[]> {
  const client = await connectPostgres({
    url,
    applicationName: 'andon-survey',
    statementTimeoutMs: limitMs,
    lockTimeoutMs: 1000,
    queryTimeoutMs: limitMs + 1000,
  });
  try {
    const { rows } = await client.query<{ trace: string }>(postgresTraces);
    return rows.map(({ trace }) => trace);
  } finally {
    await client.end();
  }
}

async function surveyMysql(url: string): Promise<string[]> {
  const connection = await connectMysql({ url, applicationName: 'andon-survey' });
  try {
    const [rows] = await connection.query<RowDataPacket[]>({ sql: mysqlTraces, timeout: limitMs });
    return rows.map(({ trace }) => String(trace));
  } finally {
    connection.destroy();
  }
}
