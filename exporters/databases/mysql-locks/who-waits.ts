import { UsageError } from '../../../kit/errors.ts';
import type { ScrapeRun } from '../../collector.ts';
import { isMariadb } from '../mysql-connection.ts';
import { rowsIfShown } from '../mysql-errors.ts';
import { type Asks, ask } from './ask.ts';
import {
  type LockQueries,
  type MetadataLockRow,
  mariadbLockQueries,
  metadataLocksQuery,
  mysqlLockQueries,
  type TransactionRow,
  type TransactionWaitRow,
  type WaitingSessionRow,
  type WaitingTransactionRow,
  type WaitsForRow,
} from './lock-queries.ts';
import { metadataWaits } from './metadata-locks.ts';

/** The sessions of a server that wait for a lock now. */
export interface Waiting {
  readonly queries: LockQueries;
  readonly transactions: readonly WaitingTransactionRow[];
  readonly sessions: readonly WaitingSessionRow[];
}

export async function whoWaits(session: Asks, run: ScrapeRun): Promise<Waiting> {
  const queries = await queriesFor(session, run);
  const transactions = await ask<WaitingTransactionRow>(session, queries.waitingTransactions, run);
  const inInnodb = new Map(transactions.map((row) => [row.session, row.seconds]));
  const text = queries.waitingSessions([...inInnodb.keys()]);
  const sessions = await ask<WaitingSessionRow>(session, text, run);
  const isThere = new Set(sessions.map((row) => row.session));
  return {
    queries,
    // InnoDB renews its list only when nobody has read it for 0.1 s: until then it names sessions that have gone.
    transactions: transactions.filter((row) => isThere.has(row.session)),
    sessions: sessions.map((row) => ({ ...row, seconds: inInnodb.get(row.session) ?? row.seconds })),
  };
}

async function queriesFor(session: Asks, run: ScrapeRun): Promise<LockQueries> {
  const text = 'SELECT VERSION() AS version, @@performance_schema AS performance_schema';
  const [server] = await session.query(text, run);
  if (isMariadb(server)) return mariadbLockQueries;
  if (Number(server?.performance_schema) === 1) return mysqlLockQueries;
  // Its list of sessions would be empty, and nobody would seem to wait.
  throw new UsageError(
    'mysql.performance-schema',
    'performance_schema is OFF on this MySQL: who waits is not known',
    {
      mend: 'Set performance_schema = ON in its configuration and restart it.',
    },
  );
}

/** Whom they wait for, as far as the server tells. */
export async function forWhom(waiting: Waiting, session: Asks, run: ScrapeRun): Promise<WaitsForRow[]> {
  const inInnodb = new Set(waiting.transactions.map((row) => row.session));
  const elsewhere = waiting.sessions.some((row) => !inInnodb.has(row.session))
    ? await rowsIfShown(() => ask<MetadataLockRow>(session, metadataLocksQuery, run))
    : [];
  return [...(await innodbWaits(waiting, session, run)), ...metadataWaits(elsewhere)];
}

async function innodbWaits(
  { queries, transactions }: Waiting,
  session: Asks,
  run: ScrapeRun,
): Promise<WaitsForRow[]> {
  if (transactions.length === 0) return [];
  const ids = transactions.map((row) => row.transaction);
  const waits = await ask<TransactionWaitRow>(session, queries.waitsFor(ids), run);
  const explained = new Set(waits.map((row) => String(row.waiting)));
  const left = ids.filter((id) => !explained.has(String(id)));
  if (left.length > 0)
    waits.push(...(await ask<TransactionWaitRow>(session, queries.waitsForOneOf(left), run)));
  const holders = [...new Set(waits.map((row) => row.blocking))];
  const known = await ask<TransactionRow>(session, queries.sessionsOf(holders), run);
  const sessions = new Map([...transactions, ...known].map((row) => [String(row.transaction), row.session]));
  return waits.flatMap(({ waiting, blocking }) => {
    const blocked = sessions.get(String(waiting));
    const blocker = sessions.get(String(blocking));
    // What has ended between two questions blocks nobody any more.
    return blocked === undefined || blocker === undefined ? [] : [{ blocked, blocker }];
  });
}
