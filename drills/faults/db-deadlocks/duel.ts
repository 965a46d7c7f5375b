import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { lockRow, type RowKey } from './rows.ts';

/** PostgreSQL's deadlock_detected, and MySQL's ER_LOCK_DEADLOCK. */
const deadlock: unknown[] = ['40P01', 'ER_LOCK_DEADLOCK'];

const isDeadlock = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && deadlock.includes(error.code);

/** Two sessions that take two rows in opposite order. */
export interface Duel {
  kind: DrillEngine['kind'];
  relation: string;
  sessions: readonly [DrillSession, DrillSession];
}

/** Fights once over these rows; returns in how many of its sessions the server has broken a deadlock. Both are rolled back. */
export async function fight(
  { kind, relation, sessions }: Duel,
  [one, other]: readonly [RowKey, RowKey],
): Promise<number> {
  const [first, second] = sessions;
  const take = (session: DrillSession, row: RowKey) => lockRow(kind, session, relation, row);
  try {
    await Promise.all([first.query('START TRANSACTION'), second.query('START TRANSACTION')]);
    const held = await settled([take(first, one), take(second, other)]);
    // A row that has gone meanwhile is locked by nobody.
    if (held.some(({ value }) => value !== true)) return held.filter(({ error }) => isDeadlock(error)).length;
    const ends = await settled([take(first, other), take(second, one)]);
    return ends.filter(({ error }) => isDeadlock(error)).length;
  } finally {
    await settled(sessions.map((session) => session.query('ROLLBACK')));
  }
}

/** All of them, however they end: no statement is left under way in a session that is used again. */
const settled = <T>(promises: Promise<T>[]): Promise<{ value?: T; error?: unknown }[]> =>
  Promise.all(
    promises.map((promise) =>
      promise.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
    ),
  );
