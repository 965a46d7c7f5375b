import type pg from 'pg';
import { z } from 'zod';

const row = z.object({
  pid: z.number(),
  /** Texts, not times: they identify, so no microsecond may be lost. Null where our role may not look. */
  backendStart: z.string().nullable(),
  transactionStart: z.string().nullable(),
  applicationName: z.string().nullable(),
  user: z.string().nullable(),
  database: z.string().nullable(),
  client: z.string().nullable(),
  backendType: z.string().nullable(),
  state: z.string().nullable(),
  /** Since when it has held what it holds: its transaction's start, or its last change of state. */
  since: z.date().nullable(),
  ageMs: z.number().nullable(),
  sameDatabase: z.boolean(),
  blockedBy: z.array(z.number()),
});

/** A session of the server, as far as it matters to who waits for whom. */
export type Session = z.infer<typeof row>;

// Waiters come from pg_locks because everybody may read it; pg_stat_activity hides the waiting of other roles.
const sessionsSql = `
  SELECT a.pid, a.backend_start::text AS "backendStart", a.xact_start::text AS "transactionStart",
    a.application_name AS "applicationName", a.usename::text AS "user", a.datname::text AS database,
    host(a.client_addr) AS client, a.backend_type AS "backendType", a.state,
    coalesce(a.xact_start, a.state_change) AS since,
    (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change)) * 1000)::float8 AS "ageMs",
    a.datname IS NOT DISTINCT FROM current_database() AS "sameDatabase",
    CASE WHEN w.pid IS NULL THEN '{}'::int[] ELSE pg_blocking_pids(a.pid) END AS "blockedBy"
  FROM pg_stat_activity a LEFT JOIN (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) w USING (pid)
  WHERE a.pid <> pg_backend_pid()`;

/** All other sessions of the server. */
export async function readSessions(client: pg.Client): Promise<Session[]> {
  const { rows } = await client.query(sessionsSql);
  return z.array(row).parse(rows);
}

// Asked and done in one statement: a process id that was given to another session since, a session that has gone on to
// another transaction, or one that blocks nobody any more, is not hit.
const terminateSql = `
  SELECT pg_terminate_backend(a.pid) AS told FROM pg_stat_activity a
  WHERE a.pid = $1 AND a.backend_start::text = $2 AND a.xact_start::text IS NOT DISTINCT FROM $3
    AND a.application_name = $4 AND a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND EXISTS (SELECT 1 FROM pg_locks w WHERE NOT w.granted AND $1 = ANY (pg_blocking_pids(w.pid)))`;

/** Ends the session if it still is the very one that was read and still blocks somebody; false if not. */
export async function terminateIfSame(client: pg.Client, session: Session): Promise<boolean> {
  const { pid, backendStart, transactionStart, applicationName } = session;
  const { rows } = await client.query(terminateSql, [pid, backendStart, transactionStart, applicationName]);
  return (rows[0] as { told?: unknown } | undefined)?.told === true;
}
