import { messageOf, UnavailableError } from '../../../kit/errors.ts';
import { demandRowLocks, demandSight, explained, type Place } from '../db/demands.ts';
import { Statement } from '../db/statement.ts';
import { tableLock } from './lock.ts';
import type { LockMode, LockParams } from './params.ts';

/** Throws when the lock would not be granted, or nobody could be seen waiting for it. Locks nothing. */
export async function demandLock(place: Place, wish: LockParams): Promise<void> {
  await demandSight(place);
  if (wish.rows) await demandRows(place, wish.relation, wish.rows.where);
  else if (place.kind === 'postgres') await demandPostgresTable(place, wish);
  else await demandMysqlTable(place, wish);
}

async function demandRows(
  place: Place,
  relation: string,
  where: NonNullable<LockParams['rows']>['where'],
): Promise<void> {
  await demandRowLocks(place, relation, where);
  const statement = new Statement(place.kind);
  const table = statement.table(relation);
  const text = `SELECT 1 FROM ${table} WHERE ${statement.where(where)} LIMIT 1`;
  if ((await place.session.query(text, statement.values)).length > 0) return;
  throw new UnavailableError(
    'db-lock.no-rows',
    `${relation} on ${place.target} has no row as the drill wants it`,
    { mend: 'Mend rows: where: in the drill. Nothing was touched.' },
  );
}

/** One of these rights suffices (https://www.postgresql.org/docs/current/sql-lock.html). */
const rightsFor = (mode: LockMode): string => {
  if (mode === 'ACCESS SHARE' || mode === 'ROW SHARE') return 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE';
  return mode === 'ROW EXCLUSIVE' ? 'INSERT, UPDATE, DELETE, TRUNCATE' : 'UPDATE, DELETE, TRUNCATE';
};

async function demandPostgresTable(
  { kind, session, target }: Place,
  { relation, mode = 'ACCESS EXCLUSIVE' }: LockParams,
): Promise<void> {
  const table = new Statement(kind).table(relation);
  const rights = rightsFor(mode);
  const text = 'SELECT has_table_privilege($1::regclass, $2) AS may';
  const what = `table ${relation} on ${target} cannot be locked`;
  const mend = 'Mend the relation in the drill. Nothing was touched.';
  const [row] = await explained(session.query(text, [table, rights]), { code: 'db-lock.table', what, mend });
  if (row?.may === true) return;
  throw new UnavailableError('db.rights', what, {
    mend: `GRANT one of ${rights} on it to the role of the admin_url. Nothing was touched.`,
  });
}

/** The server names the rights that are missing; only the one to a whole schema is asked for here. */
const mayNotLock = (error: unknown): boolean =>
  (error as { code?: string }).code === 'ER_DBACCESS_DENIED_ERROR' ||
  ((error as { code?: string }).code === 'ER_TABLEACCESS_DENIED_ERROR' &&
    messageOf(error).includes('LOCK TABLES'));

/** The right to lock is one to a whole schema, and it is checked first: a table that nobody has shows whether we hold it. */
async function demandMysqlTable({ kind, session, target }: Place, wish: LockParams): Promise<void> {
  const what = `table ${wish.relation} on ${target} cannot be locked`;
  const statement = new Statement(kind);
  const text = `SELECT 1 FROM ${statement.table(wish.relation)} LIMIT 0`;
  await explained(session.query(text, statement.values), {
    code: 'db-lock.table',
    what,
    mend: 'Mend the relation in the drill, or GRANT SELECT on it to the user of the admin_url. Nothing was touched.',
  });
  const [schema] = wish.relation.split('.').toReversed().slice(1);
  const nobodys = [...(schema === undefined ? [] : [schema]), `andon_nobodys_table_${session.id}`].join('.');
  const { text: probe, values } = tableLock(kind, { ...wish, relation: nobodys });
  try {
    await session.query(probe, values);
  } catch (error) {
    if (!mayNotLock(error)) return;
    throw new UnavailableError('db.rights', `${what}: ${messageOf(error)}`, {
      mend: 'GRANT LOCK TABLES, SELECT on its schema to the user of the admin_url. Nothing was touched.',
      cause: error,
    });
  }
}
