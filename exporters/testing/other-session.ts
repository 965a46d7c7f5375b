import type { DatabaseSession } from '../databases/session.ts';
import type { DatabaseSessions, DatabaseTarget } from '../databases/sessions.ts';
import type { CollectorKind } from '../exporter-setup.ts';

/** Collectors of a kind that see every session through what `change` makes of it. */
export const withSessions =
  (kind: CollectorKind, change: (session: DatabaseSession) => DatabaseSession): CollectorKind =>
  (setup) => {
    const sessions = {
      forLocks: (name: string, target: DatabaseTarget) => change(setup.sessions.forLocks(name, target)),
      shared: (name: string, target: DatabaseTarget) => change(setup.sessions.shared(name, target)),
    };
    return kind({ ...setup, sessions: sessions as unknown as DatabaseSessions });
  };

/** A session of MariaDB that says it were one of MySQL, where none can be had: both have many of the same tables. */
export const asMysql = (session: DatabaseSession): DatabaseSession => ({
  query: async (text, run) => {
    const rows = await session.query(text, run);
    return (text.includes('VERSION()') ? [{ ...rows[0], version: '8.4.6' }] : rows) as never;
  },
  batches: (text, run) => session.batches(text, run),
  [Symbol.dispose]: () => {},
});
