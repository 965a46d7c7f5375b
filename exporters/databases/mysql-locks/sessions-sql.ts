/** The sessions of a server as a table with the columns id, user, host, db, command, state, seconds, statement. */
export const mariadbSessions = `
  (SELECT id, user, host, db, command, state, TIME_MS / 1000 AS seconds, info AS statement FROM information_schema.PROCESSLIST)`;

/** The same of MySQL 8, from the performance schema: that takes no mutex which others wait for. */
export const mysqlSessions = `
  (SELECT PROCESSLIST_ID AS id, PROCESSLIST_USER AS user, PROCESSLIST_HOST AS host, PROCESSLIST_DB AS db,
          PROCESSLIST_COMMAND AS command, PROCESSLIST_STATE AS state, PROCESSLIST_TIME AS seconds, PROCESSLIST_INFO AS statement
   FROM performance_schema.threads WHERE PROCESSLIST_ID IS NOT NULL)`;

/** Seconds since a time of InnoDB's: those are in the time zone of the server's system, whatever that of a session. */
export const secondsSince = (time: string): string =>
  `TIMESTAMPDIFF(SECOND, CONVERT_TZ(${time}, 'SYSTEM', '+00:00'), UTC_TIMESTAMP())`;

/** Whether a session belongs to the database of our URL. One that names none may work on any. */
export const isHere = (database: string): string =>
  `(DATABASE() IS NULL OR ${database} IS NULL OR ${database} = DATABASE())`;

/**
 * Whether a session in this state waits for a lock of which InnoDB knows nothing: a metadata lock, LOCK TABLES, FLUSH TABLES WITH
 * READ LOCK, a backup, GET_LOCK. That of the query cache is a mutex of the server.
 */
export const waitsForLock = (state: string): string => `(
  ${state} LIKE 'Waiting for %lock' AND ${state} <> 'Waiting for query cache lock'
  OR ${state} IN ('User lock', 'Waiting for table flush', 'Waiting for table', 'Waiting for tables'))`;
