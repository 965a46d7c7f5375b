import { messageOf, UnavailableError, UsageError } from '../../../kit/errors.ts';
import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { Statement, whereInWords } from '../db/statement.ts';
import type { LockMode, LockParams } from './params.ts';

/** PostgreSQL's deadlock_detected, and MySQL's ER_LOCK_DEADLOCK: the others were served first, so we ask again. */
const deadlocks: unknown[] = ['40P01', 'ER_LOCK_DEADLOCK'];
const attempts = 3;

/** MySQL's two table locks by the names that PostgreSQL has for their like. */
const mysqlModes: Partial<Record<LockMode, string>> = { SHARE: 'READ', 'ACCESS EXCLUSIVE': 'WRITE' };

type Kind = DrillEngine['kind'];

/** What is locked, as a sentence of the plan. Throws UsageError for a mode that the server does not have. */
export function lockInWords(kind: Kind, wish: LockParams): string {
  if (!wish.rows) return `${tableLock(kind, wish).shown} and stays: every session whose work conflicts waits`;
  const { where, limit } = wish.rows;
  const which = Object.keys(where).length === 0 ? '' : ` where ${whereInWords(where)}`;
  return `SELECT … FOR UPDATE of up to ${limit} rows of ${wish.relation}${which} in a transaction that stays open: every session that changes one of them waits; nothing is changed`;
}

/** Takes the lock in a session that then holds it until it ends. */
export async function lock(
  kind: Kind,
  session: DrillSession,
  wish: LockParams,
  target: string,
): Promise<void> {
  const what = `${wish.rows ? 'rows of ' : ''}table ${wish.relation} on ${target}`;
  try {
    const rows = wish.rows ? await lockRows(kind, session, wish) : await lockTable(kind, session, wish);
    if (rows > 0) return;
  } catch (error) {
    throw new UnavailableError('db-lock.not-granted', `${what} could not be locked: ${messageOf(error)}`, {
      mend: 'Mend the relation in the drill, or end the session that holds the table. Nothing was left behind.',
      cause: error,
    });
  }
  throw new UnavailableError('db-lock.no-rows', `${what}: no row is as the drill wants it`, {
    mend: 'Mend rows: where: in the drill. Nothing was left behind.',
  });
}

async function lockTable(kind: Kind, session: DrillSession, wish: LockParams): Promise<number> {
  if (kind === 'postgres') await session.query('BEGIN');
  const { text, values } = tableLock(kind, wish);
  await session.query(text, values);
  return 1;
}

/** The statement that locks a whole table. LOCK takes no parameters, so the name is quoted as an identifier. */
export function tableLock(kind: Kind, { relation, mode = 'ACCESS EXCLUSIVE' }: LockParams) {
  const statement = new Statement(kind);
  const table = statement.table(relation);
  const { values } = statement;
  if (kind === 'postgres') {
    const text = `LOCK TABLE ${table} IN ${mode} MODE`;
    return { text, values, shown: text };
  }
  const mysqlMode = mysqlModes[mode];
  if (mysqlMode === undefined)
    throw new UsageError('db-lock.mode', `MySQL has no lock mode ${mode}`, {
      mend: 'Use ACCESS EXCLUSIVE (LOCK TABLES … WRITE) or SHARE (LOCK TABLES … READ).',
    });
  return {
    text: `LOCK TABLES ${table} ${mysqlMode}`,
    values,
    shown: `LOCK TABLES ${relation} ${mysqlMode}`,
  };
}

/** Locks rows without changing them; returns how many. */
async function lockRows(kind: Kind, session: DrillSession, wish: LockParams): Promise<number> {
  const statement = new Statement(kind);
  const { where = {}, limit = 1 } = wish.rows ?? {};
  const table = statement.table(wish.relation);
  const text = `SELECT 1 FROM ${table} WHERE ${statement.where(where)} LIMIT ${limit} FOR UPDATE`;
  for (let attempt = 1; ; attempt++) {
    // Otherwise MySQL would keep every row that it has looked at.
    if (kind === 'mysql') await session.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await session.query('START TRANSACTION');
    try {
      return (await session.query(text, statement.values)).length;
    } catch (error) {
      if (attempt === attempts || !deadlocks.includes((error as { code?: unknown }).code)) throw error;
      await session.query('ROLLBACK');
    }
  }
}
