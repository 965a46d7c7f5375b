import { counter, gauge } from '../metric.ts';

/** The databases. Ages are taken by the clock of the database. */
export const databaseMetrics = {
  dbUp: gauge('mes_db_up', ['target'], 'Whether the database answered the query of this scrape.'),
  dbBlockedSessions: gauge(
    'mes_db_blocked_sessions',
    ['target'],
    'Sessions that wait for a lock which another session holds.',
  ),
  dbOldestLockWait: gauge(
    'mes_db_oldest_lock_wait_seconds',
    ['target'],
    'Longest lock wait now, by the clock of the database.',
  ),
  dbRootBlockerTransaction: gauge(
    'mes_db_root_blocker_transaction_seconds',
    ['target', 'application'],
    'Age of the transaction that blocks others and waits for nobody, for the five oldest applications.',
  ),
  dbConnections: gauge('mes_db_connections', ['target'], 'Connections open on the server now.'),
  dbConnectionsMax: gauge('mes_db_connections_max', ['target'], 'Connections the server allows.'),
  dbOldestTransaction: gauge(
    'mes_db_oldest_transaction_seconds',
    ['target', 'state'],
    'Age of the oldest open transaction, by the clock of the database; 0 when none is open.',
  ),
  dbOldestPrepared: gauge(
    'mes_db_oldest_prepared_transaction_seconds',
    ['target'],
    'Age of the oldest prepared transaction; 0 when there is none.',
  ),
  dbDeadlocks: counter('mes_db_deadlocks_total', ['target'], 'Deadlocks the database has detected.'),
  dbPoolWaiting: gauge(
    'mes_db_pool_waiting_requests',
    ['target'],
    'Requests of the MES that queue for a free connection of its pool.',
  ),
  dbReplicationLag: gauge(
    'mes_db_replication_lag_seconds',
    ['target'],
    'How far the replica is behind; the farthest one where this server is the primary. Left out where there is none.',
  ),
  dbSize: gauge(
    'mes_db_size_bytes',
    ['target'],
    'Size of the database on disk. Measured at most once a minute.',
  ),
  dbLogSize: gauge(
    'mes_db_log_size_bytes',
    ['target'],
    'Size of the write-ahead log (PostgreSQL) or of the binary logs (MySQL) on disk. Measured at most once a minute.',
  ),
  dbBlockingSessions: gauge(
    'mes_db_blocking_sessions',
    ['target', 'blocker', 'blocked'],
    'Sessions of one application that wait for another application, for the ten busiest pairs.',
  ),
};
