import { isMariadb } from '../../../exporters/databases/mysql-connection.ts';
import { mariadbSessions } from '../../../exporters/databases/mysql-locks/sessions-sql.ts';
import { forWhom, whoWaits } from '../../../exporters/databases/mysql-locks/who-waits.ts';
import type { Row as CollectedRow, DatabaseSession } from '../../../exporters/databases/session.ts';
import type { DrillSession } from './drill-session.ts';
import type { Wait } from './waits.ts';

const noStreams = () => {
  throw new Error('nothing is streamed here');
};

/** The questions of the exporter, over a session of the drill, which has limits of its own. */
const asCollected = (session: DrillSession): DatabaseSession => ({
  query: <R extends CollectedRow>(text: string) => session.query<R>(text),
  batches: noStreams,
  [Symbol.dispose]: () => {},
});

const anyTime = {
  signal: new AbortController().signal,
  remainingMs: () => 3000,
  step: <T>(_what: string, work: () => Promise<T>) => work(),
};

const tableWaiters = `
  SELECT id FROM ${mariadbSessions} AS s
  WHERE state LIKE 'Waiting for table %lock' AND LOCATE(LOWER(?), LOWER(statement)) > 0`;

/** Who waits for a lock on MySQL 8, or MariaDB 10.6 and later. Ids of connections do not come back, so they are keys. */
export async function mysqlWaits(
  session: DrillSession,
  { relation, holder }: { relation: string; holder: number },
): Promise<Wait[]> {
  const asked = asCollected(session);
  const pairs = await forWhom(await whoWaits(asked, anyTime), asked, anyTime);
  const [server] = await session.query('SELECT VERSION() AS version, @@performance_schema AS knows');
  if (isMariadb(server) && Number(server?.knows) === 0) {
    const table = relation.split('.').at(-1) ?? relation;
    const waiting = await session.query<{ id: number }>(tableWaiters, [table]);
    pairs.push(...waiting.map(({ id }) => ({ blocked: Number(id), blocker: holder })));
  }
  return [...Map.groupBy(pairs, ({ blocked }) => blocked)].map(([id, own]) => ({
    key: String(id),
    id,
    blockers: own.map(({ blocker }) => blocker),
  }));
}
