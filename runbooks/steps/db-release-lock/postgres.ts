import type pg from 'pg';
import { promDuration } from '../../../kit/duration.ts';
import { messageOf } from '../../../kit/errors.ts';
import { connectPostgres } from '../../../kit/postgres.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { waitFor } from '../../../kit/wait.ts';
import { type NamedTarget, type StepResult, type StepWorld, untouched } from '../../step.ts';
import { goneWithinMs, protectedBy } from './blocker.ts';
import { longestQueues } from './lock-graph.ts';
import { readSessions, type Session, terminateIfSame } from './postgres-sessions.ts';

type Postgres = NamedTarget<TargetOf<'postgres'>>;

/** Ends the one session that the longest queue of a PostgreSQL database waits for. */
export async function releaseOnPostgres(
  target: Postgres,
  olderThanMs: number,
  world: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  await using session = await openSession(adminUrl(target.target), signal);
  const found = findBlocker(await readSessions(session.client), target, olderThanMs);
  if (!found.blocker) return found.result;
  signal.throwIfAborted();
  const { blocker, waiting } = found;
  const details = { terminated: describe(blocker), waiting };
  if (!(await terminateIfSame(session.client, blocker)))
    return untouched('failed', `${who(blocker)} let go by itself before it was terminated`, details);
  return await confirm(session.client, { blocker, waiting, details }, world, signal);
}

const adminUrl = (target: TargetOf<'postgres'>): string => target.admin_url ?? target.url;

async function openSession(
  url: string,
  signal: AbortSignal,
): Promise<AsyncDisposable & { client: pg.Client }> {
  signal.throwIfAborted();
  const client = await connectPostgres({
    url,
    applicationName: 'andon-runbook',
    // The catalogue views take no lock that a table lock could hold up, so a slow answer is a sick server.
    statementTimeoutMs: 5000,
    lockTimeoutMs: 1000,
    queryTimeoutMs: 6000,
  });
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}

type Found = { blocker: Session; waiting: number } | { blocker?: undefined; result: StepResult };

/** The session to end, or the reason why none is. Pure. */
export function findBlocker(sessions: readonly Session[], target: Postgres, olderThanMs: number): Found {
  const here = new Set(sessions.filter(({ sameDatabase }) => sameDatabase).map(({ pid }) => pid));
  // Links between waiters may lead through other databases (shared objects), so all are followed.
  const queues = longestQueues(
    sessions.filter(({ blockedBy }) => blockedBy.length > 0),
    here,
  );
  const say = (outcome: 'failed' | 'refused', summary: string, details = {}): Found => ({
    result: untouched(outcome, summary, details),
  });
  if (queues.length === 0) return say('failed', `nobody waits for a lock in ${target.name}`);
  const old = queues.flatMap(({ pid, waiting }) => {
    const blocker = sessions.find((session) => session.pid === pid);
    // Unknown age (hidden from our role) counts as old: it is refused below, with the reason.
    return blocker && (blocker.ageMs ?? Number.POSITIVE_INFINITY) < olderThanMs
      ? []
      : [{ pid, waiting, blocker }];
  });
  const [first] = old;
  if (!first)
    return say(
      'failed',
      `sessions wait in ${target.name}, but no transaction that holds them up is ${promDuration(olderThanMs)} old`,
    );
  const { pid, waiting, blocker } = first;
  if (!blocker)
    return say(
      'refused',
      `${waiting} wait for process ${pid}, which is no session (a prepared transaction?)`,
    );
  const reason = reasonToSpare(blocker, target);
  if (reason) return say('refused', reason, { blocker: describe(blocker), waiting });
  return { blocker, waiting };
}

function reasonToSpare(session: Session, { name, target }: Postgres): string | undefined {
  if (session.backendStart === null || session.applicationName === null)
    return `${who(session)} blocks others, but this role may not see whose it is: GRANT pg_monitor, pg_signal_backend to it`;
  if (session.backendType !== 'client backend')
    return `${who(session)} blocks others and is the server's own ${session.backendType}`;
  if (!session.sameDatabase)
    return `${who(session)} blocks others from database ${session.database}, which is not ${name}`;
  const rule = protectedBy(target.protect, [session.applicationName]);
  if (rule !== undefined) return `${who(session)} blocks others and is protected by "${rule}" of ${name}`;
  return undefined;
}

async function confirm(
  client: pg.Client,
  { blocker, waiting, details }: { blocker: Session; waiting: number; details: Record<string, unknown> },
  world: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  const isBlocker = (session: Session) =>
    session.pid === blocker.pid && session.backendStart === blocker.backendStart;
  const gone = async () => {
    const now = await readSessions(client);
    return !now.some((session) => isBlocker(session) || session.blockedBy.includes(blocker.pid));
  };
  try {
    await waitFor(gone, {
      what: `the end of ${who(blocker)}`,
      timeoutMs: goneWithinMs,
      everyMs: 50,
      signal,
      clock: world.clock,
    });
  } catch (error) {
    signal.throwIfAborted();
    const summary = `${who(blocker)} was told to end and is still there: ${messageOf(error)}`;
    return { outcome: 'failed', summary, touched: 1, details };
  }
  const since = blocker.since ? `, in its transaction since ${blocker.since.toISOString()}` : '';
  return {
    outcome: 'succeeded',
    summary: `terminated ${who(blocker)}, ${blocker.state}${since}; ${waiting} waited for it`,
    touched: 1,
    details,
  };
}

const who = ({ pid, applicationName, user }: Session): string =>
  `session ${pid} (${applicationName || 'no application name'}, user ${user ?? 'unknown'})`;

const describe = ({ pid, applicationName, user, client, state, since }: Session) => ({
  pid,
  applicationName,
  user,
  client,
  state,
  since: since?.toISOString() ?? null,
});
