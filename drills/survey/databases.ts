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

/** A number or a word, as versions differ: here always a word. */
const mysqlTraces = `
  SELECT CONCAT('setting read_only = ', IF(CAST(@@global.read_only AS CHAR) IN ('0', 'OFF'), 'OFF', 'ON')) AS trace`;
/** Empty where the performance schema is off, as MariaDB has it. Then the fault's own check is left, which asks by user locks. */
const mysqlSessions = `
  SELECT CONCAT('session of ', ATTR_VALUE) AS trace FROM performance_schema.session_connect_attrs
  WHERE ATTR_NAME = 'program_name' AND ATTR_VALUE LIKE 'andon-drill-%'`;
/** The performance schema may not be read, or is not there at all. */
const notToBeRead = ['ER_TABLEACCESS_DENIED_ERROR', 'ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR'];

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
    const ask = async (sql: string): Promise<string[]> => {
      const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: limitMs });
      return rows.map(({ trace }) => String(trace));
    };
    const sessions = await ask(mysqlSessions).catch((error: { code?: string }) => {
      if (notToBeRead.includes(error.code ?? '')) return [];
      throw error;
    });
    return [...(await ask(mysqlTraces)), ...sessions];
  } finally {
    connection.destroy();
  }
}
