import { z } from 'zod';
import type { ScrapeRun } from '../../../exporters/collector.ts';
import { isAboutTheStatement } from '../../../exporters/databases/mysql-errors.ts';
import { type Asks, ask } from '../../../exporters/databases/mysql-locks/ask.ts';
import {
  heldSeconds,
  list,
  type ProgramRow,
  programsQuery,
  withTransaction,
} from '../../../exporters/databases/mysql-locks/lock-queries.ts';
import { forWhom, whoWaits } from '../../../exporters/databases/mysql-locks/who-waits.ts';
import type { Row } from '../../../exporters/databases/session.ts';
import { longestQueues, type Queue } from './lock-graph.ts';

const text = z.coerce.string().nullable();
const row = z.object({
  session: z.number(),
  user: text,
  host: text,
  db: text,
  command: text,
  state: text,
  /** For how long it has held its transaction open, or has done what it does. */
  seconds: z.number(),
  /** The same as a time, ISO 8601. */
  since: text,
  /** Texts: they identify. Null for a session without a transaction in InnoDB. */
  trx: text,
  started: text,
});

/** A session of the server that others wait for. */
export type MysqlSession = z.infer<typeof row>;

/** Who waits for whom. */
export interface LockPicture {
  /** How many sessions of our database wait for a lock. */
  waiting: number;
  queues: readonly Queue[];
  /** The sessions at the roots. */
  roots: ReadonlyMap<number, MysqlSession>;
  /** Everybody who waits for a lock: a root among them waits for somebody whom the server does not name. */
  waiters: ReadonlySet<number>;
}

/** The questions of the exporter have a run to be noted in; here it is not looked at. */
const run: ScrapeRun = {
  signal: new AbortController().signal,
  remainingMs: () => 0,
  step: (_what, work) => work(),
};

export async function readLocks(session: Asks): Promise<LockPicture> {
  const waiting = await whoWaits(session, run);
  const waits = await forWhom(waiting, session, run);
  const blockers = Map.groupBy(waits, ({ blocked }) => blocked);
  const graph = [...blockers].map(([pid, by]) => ({ pid, blockedBy: by.map(({ blocker }) => blocker) }));
  const here = new Set(waiting.sessions.filter(({ is_here }) => is_here === 1).map(({ session: id }) => id));
  const queues = longestQueues(graph, here);
  const found = await ask<Row>(session, rootsQuery(waiting.queries.sessions, queues), run);
  const roots = z.array(row).parse(found);
  return {
    waiting: here.size,
    queues,
    roots: new Map(roots.map((one) => [one.session, one])),
    waiters: new Set(waiting.sessions.map(({ session: id }) => id)),
  };
}

const rootsQuery = (sessions: string, queues: readonly Queue[]): string => `
SELECT s.id AS session, s.user, s.host, s.db, s.command, s.state, ${heldSeconds} AS seconds,
       DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL ${heldSeconds} SECOND, '%Y-%m-%dT%H:%i:%sZ') AS since,
       t.trx_id AS trx, CAST(t.trx_started AS CHAR) AS started
FROM ${withTransaction(sessions)}
WHERE s.id IN ${list(queues.map(({ pid }) => pid))}`;

/**
 * What a session's program has called itself; null when it has not. Undefined when the server does not tell: it would then show our
 * own name no more than others.
 */
export async function programOf(
  session: Asks,
  { id, own }: { id: number; own: number },
): Promise<string | null | undefined> {
  try {
    const rows = await ask<ProgramRow>(session, programsQuery([id, own]), run);
    if (!rows.some((one) => one.session === own)) return undefined;
    return rows.find((one) => one.session === id)?.program ?? null;
  } catch (error) {
    if (isAboutTheStatement(error)) return undefined;
    throw error;
  }
}

/** Whether it is the same session in the same transaction. The server gives no number twice while it runs. */
export const isSame = (a: MysqlSession, b: MysqlSession): boolean =>
  a.session === b.session &&
  a.user === b.user &&
  a.host === b.host &&
  a.trx === b.trx &&
  a.started === b.started;

/** Whether there is a session of that number. */
export async function isConnected(session: Asks, id: number): Promise<boolean> {
  const sessions = `SELECT id AS session FROM information_schema.PROCESSLIST WHERE id IN ${list([id])}`;
  return (await ask<Row>(session, sessions, run)).length > 0;
}
