import type { DrillEngine, DrillSession } from '../db/drill-session.ts';

/** How full a server is. */
export interface Room {
  /** The server's own limit. */
  limit: number;
  /** So many of them are open to ordinary users; administrators have the others. */
  ordinary: number;
  open: number;
}

/** How far a server is to be filled. */
export interface Filling {
  /** Connections that are left to ordinary users. */
  leave?: number | undefined;
  /** A share of the server's limit instead. */
  share?: number | undefined;
}

/** How many connections are open when a server is as full as is wished: never one that is kept for administrators. */
export const goalOf = ({ limit, ordinary }: Room, { leave = 0, share }: Filling): number =>
  share === undefined ? ordinary - leave : Math.min(ordinary, Math.floor(limit * share));

/** Who may not see what others do sees no type of theirs, but their user; processes of the server have none. */
const postgresRoom = `
  SELECT current_setting('max_connections')::int AS "limit",
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) AS ordinary,
         (SELECT count(*)::int FROM pg_stat_activity
          WHERE backend_type = 'client backend' OR backend_type IS NULL AND usesysid IS NOT NULL) AS open`;

export async function roomOf(session: DrillSession, kind: DrillEngine['kind']): Promise<Room> {
  if (kind === 'postgres') {
    const [room] = await session.query<Room>(postgresRoom);
    if (!room) throw new Error('PostgreSQL does not say how full it is');
    return room;
  }
  const [most] = await session.query<{ limit: number }>('SELECT @@GLOBAL.max_connections AS `limit`');
  const [threads] = await session.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const limit = Number(most?.limit);
  // The one connection that administrators have is on top of the limit.
  return { limit, ordinary: limit, open: Number(threads?.Value) };
}
