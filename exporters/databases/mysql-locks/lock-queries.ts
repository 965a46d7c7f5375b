import { ownMark } from '../mysql-connection.ts';
import { isHere, mariadbSessions, mysqlSessions, secondsSince, waitsForLock } from './sessions-sql.ts';

/** A transaction that waits for a lock inside InnoDB. */
export type WaitingTransactionRow = { transaction: number | string; session: number; seconds: number };

/** A session that waits for a lock; how long, where InnoDB does not know it better; whether it belongs to our database. */
export type WaitingSessionRow = BlockerRow & { is_here: number };

/** A transaction that waits for another. */
export type TransactionWaitRow = { waiting: number | string; blocking: number | string };

/** Which session a transaction belongs to; 0 when it has none: prepared by XA, or recovered. */
export type TransactionRow = { transaction: number | string; session: number };

/** One session that waits for another. */
export type WaitsForRow = { blocked: number; blocker: number };

/** A session, and for how long it has worked, slept, or held a transaction open. */
export type BlockerRow = { session: number; user: string | null; host: string | null; seconds: number };

/** A metadata lock that somebody waits for, or that stands in somebody's way. */
export type MetadataLockRow = { session: number; object: string; type: string; is_pending: number };

export type ProgramRow = { session: number; program: string | null };

type Ids = readonly (number | string)[];

/** What the two engines call the same things. All of it is read from memory: no table of a user is opened. */
export interface LockQueries {
  /** All sessions, as a table. */
  sessions: string;
  waitingTransactions: string;
  waitingSessions(inInnodb: Ids): string;
  waitsFor(waiting: Ids): string;
  waitsForOneOf(left: Ids): string;
  sessionsOf(transactions: Ids): string;
  blockers(sessions: Ids): string;
}

/** Each session `s` with the transaction `t` that it has open in InnoDB. */
export const withTransaction = (sessions: string): string =>
  `${sessions} AS s LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = s.id`;

/** For how long such a session has worked, slept, or held its transaction open. */
export const heldSeconds = `GREATEST(0, s.seconds, COALESCE(${secondsSince('t.trx_started')}, 0)) + 0E0`;

/**
 * The list of lock waits is read once, and joined with nothing: who waits in a queue of two hundred stands there once for each
 * session before him, and there is no index.
 */
const queriesOf = (sessions: string, lockWaits: string): LockQueries => ({
  sessions,

  waitingTransactions: `
SELECT trx_id AS transaction, trx_mysql_thread_id AS session,
       GREATEST(0, ${secondsSince('trx_wait_started')}) + 0E0 AS seconds
FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'`,

  waitingSessions: (inInnodb) => `
SELECT s.id AS session, s.user, s.host, ${isHere('s.db')} AS is_here, GREATEST(0, s.seconds) + 0E0 AS seconds
FROM ${sessions} AS s
WHERE (s.id IN ${list(inInnodb)} OR ${waitsForLock('s.state')})
  AND (s.statement IS NULL OR s.statement NOT LIKE '${ownMark}%')`,

  // Only for whoever holds the lock, not for everybody who stands before him in the queue.
  waitsFor: (waiting) => `
SELECT DISTINCT waiting, blocking FROM ${lockWaits} AS l WHERE blocking NOT IN ${list(waiting)}`,

  // Where the holder waits for something else himself, one of the queue leads on to it.
  waitsForOneOf: (left) => `
SELECT waiting, MIN(blocking) AS blocking FROM ${lockWaits} AS l WHERE waiting IN ${list(left)} GROUP BY waiting`,

  sessionsOf: (transactions) => `
SELECT trx_id AS transaction, trx_mysql_thread_id AS session
FROM information_schema.INNODB_TRX WHERE trx_id IN ${list(transactions)}`,

  blockers: (ids) => `
SELECT s.id AS session, s.user, s.host,
       ${heldSeconds} AS seconds
FROM ${withTransaction(sessions)}
WHERE s.id IN ${list(ids)}
UNION ALL
SELECT 0, NULL, NULL, MAX(${secondsSince('trx_started')}) + 0E0 FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id = 0 HAVING COUNT(*) > 0`,
});

/** `(1, 2, 3)`. Never empty, and numbers only. */
export const list = (ids: Ids): string => `(${[-1, ...ids.map(Number)].join(', ')})`;

/** MariaDB 10.6 and later. */
export const mariadbLockQueries = queriesOf(
  mariadbSessions,
  '(SELECT requesting_trx_id AS waiting, blocking_trx_id AS blocking FROM information_schema.INNODB_LOCK_WAITS)',
);

/** MySQL 8. */
export const mysqlLockQueries = queriesOf(
  mysqlSessions,
  `(SELECT REQUESTING_ENGINE_TRANSACTION_ID AS waiting, BLOCKING_ENGINE_TRANSACTION_ID AS blocking
    FROM performance_schema.data_lock_waits)`,
);

const objectOf = "CONCAT_WS('/', OBJECT_TYPE, COALESCE(OBJECT_SCHEMA, ''), COALESCE(OBJECT_NAME, ''))";

/** Every metadata lock on what somebody waits for. Empty where the server does not keep them. */
export const metadataLocksQuery = `
SELECT t.PROCESSLIST_ID AS session, ${objectOf} AS object, m.LOCK_TYPE AS type, m.LOCK_STATUS = 'PENDING' AS is_pending
FROM performance_schema.metadata_locks AS m
JOIN performance_schema.threads AS t ON t.THREAD_ID = m.OWNER_THREAD_ID
WHERE t.PROCESSLIST_ID IS NOT NULL AND m.LOCK_STATUS IN ('PENDING', 'GRANTED')
  AND ${objectOf} IN (SELECT ${objectOf} FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'PENDING')`;

/** What clients have called themselves when they connected. Empty where the server does not keep it. */
export const programsQuery = (sessions: Ids): string => `
SELECT PROCESSLIST_ID AS session, ATTR_VALUE AS program FROM performance_schema.session_connect_attrs
WHERE ATTR_NAME = 'program_name' AND PROCESSLIST_ID IN ${list(sessions)}`;
