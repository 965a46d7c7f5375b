import { messageOf, UnavailableError } from '../../../kit/errors.ts';
import type { DrillEngine, DrillSession } from './drill-session.ts';
import { Statement, type Where } from './statement.ts';

/** Where a fault is about to be, and over which session that is asked. */
export interface Place {
  kind: DrillEngine['kind'];
  session: DrillSession;
  /** The name of the target. */
  target: string;
}

/** Sessions of this database whose doings the role may not see. */
const hiddenSessions = `
  SELECT count(*)::int AS hidden FROM pg_stat_activity
  WHERE datname = current_database() AND NOT pg_has_role('pg_read_all_stats', 'USAGE') AND NOT pg_has_role(usesysid, 'USAGE')`;

/** Without it a drill could not count whom it touches. */
export async function demandSight({ kind, session, target }: Place): Promise<void> {
  if (kind === 'mysql') {
    // Any row of it needs the right PROCESS.
    await explained(session.query('SELECT COUNT(*) FROM information_schema.INNODB_TRX'), {
      code: 'db.rights',
      what: `the user of ${target} may not see the transactions of others`,
      mend: 'GRANT PROCESS ON *.* to the user of its admin_url. Nothing was touched.',
    });
    return;
  }
  const [row] = await session.query<{ hidden: number }>(hiddenSessions);
  if ((row?.hidden ?? 0) === 0) return;
  throw new UnavailableError('db.rights', `the role of ${target} may not see the sessions of others`, {
    mend: 'GRANT pg_monitor TO the role of its admin_url. Nothing was touched.',
  });
}

/** Whether these rows may be locked: the server checks that before it looks for the first one, and none is wanted here. */
export async function demandRowLocks(
  { kind, session, target }: Place,
  relation: string,
  where: Where,
): Promise<void> {
  const statement = new Statement(kind);
  const table = statement.table(relation);
  const text = `SELECT 1 FROM ${table} WHERE ${statement.where(where)} LIMIT 0 FOR UPDATE`;
  await explained(session.query(text, statement.values), {
    code: 'db.rows',
    what: `rows of ${relation} on ${target} cannot be locked`,
    mend: 'Mend the drill, or GRANT SELECT, UPDATE on the table to the user of the admin_url. Nothing was touched.',
  });
  if (kind === 'mysql') await demandInnodb({ kind, session, target }, relation);
}

const storageEngine = `
  SELECT ENGINE AS engine FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?`;

async function demandInnodb({ session, target }: Place, relation: string): Promise<void> {
  const [table, schema] = relation.split('.').toReversed();
  const [row] = await session.query<{ engine: string | null }>(storageEngine, [schema ?? null, table]);
  if (row?.engine === 'InnoDB') return;
  throw new UnavailableError('db.rows', `${relation} on ${target} is kept by ${row?.engine ?? 'no engine'}`, {
    mend: 'Only InnoDB locks rows: name another table. Nothing was touched.',
  });
}

/** Waits for an answer; a refusal becomes an error that says what to do. */
export async function explained<T>(
  answer: Promise<T>,
  { code, what, mend }: { code: string; what: string; mend: string },
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new UnavailableError(code, `${what}: ${messageOf(error)}`, { mend, cause: error });
  }
}
