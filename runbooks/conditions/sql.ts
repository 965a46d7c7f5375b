import { openSqlSession, type SqlAnswer, type SqlTarget } from '../sql/session.ts';
import { statementProblem } from '../sql/statement.ts';

/** A check is not worth a queue behind it. */
const lockTimeoutMs = 1000;

/**
 * What a read-only query answers, in a session of its own: the server may just be healing, and one that was kept could hang on the
 * connection that was lost.
 */
export async function askDatabase(
  target: SqlTarget,
  query: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<SqlAnswer> {
  const problem = statementProblem(query, 'read');
  if (problem !== undefined) throw new Error(`the query ${problem}`);
  const limits = {
    applicationName: 'andon-runbook-verify',
    statementTimeoutMs: limitMs,
    lockTimeoutMs,
  };
  await using session = await openSqlSession(target, limits, signal);
  await session.begin('read');
  return await session.run(query, []);
}

/** The number in the first value of the first row, or why there is none. */
export function numberIn({ rows }: SqlAnswer): { value: number } | { problem: string } {
  if (rows.length === 0) return { problem: 'no rows' };
  const [value] = rows[0] ?? [];
  if (value === null || value === undefined) return { problem: 'NULL' };
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  const isPlain = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  if (!isPlain || Number.isNaN(number))
    return { problem: `${JSON.stringify(String(value).slice(0, 100))}, which is no number` };
  return { value: number };
}
