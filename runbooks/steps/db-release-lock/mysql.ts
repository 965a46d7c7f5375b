import type { Clock } from '../../../kit/clock.ts';
import { promDuration } from '../../../kit/duration.ts';
import { messageOf } from '../../../kit/errors.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { waitFor } from '../../../kit/wait.ts';
import { type NamedTarget, type StepResult, type StepWorld, untouched } from '../../step.ts';
import { goneWithinMs } from './blocker.ts';
import { type MysqlAdmin, openMysqlAdmin } from './mysql-admin.ts';
import { isConnected, isSame, type LockPicture, type MysqlSession, readLocks } from './mysql-sessions.ts';
import { reasonToSpareOnMysql, whoOnMysql } from './mysql-spared.ts';

type Mysql = NamedTarget<TargetOf<'mysql'>>;

interface Chosen {
  blocker: MysqlSession;
  waiting: number;
}

/** InnoDB shows the same list of transactions and waits again to whoever asks within 0.1 s of the last question. */
const freshAfterMs = 200;

/** Rights that are missing: to see all sessions (PROCESS), and to end those of others. */
const denied = [1227, 1095, 1044, 1142];

/** Ends the one session that the longest queue of a MySQL or MariaDB database waits for. */
export async function releaseOnMysql(
  target: Mysql,
  olderThanMs: number,
  world: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  const { url, admin_url } = target.target;
  await using admin = await openMysqlAdmin(admin_url ?? url, signal);
  let isTold = false;
  try {
    // Whoever else has just asked has left a list that may be older than the transaction that blocks.
    await world.clock.sleep(freshAfterMs, signal);
    const found = findMysqlBlocker(await readLocks(admin), target, olderThanMs);
    if ('outcome' in found) return found;
    const { blocker, waiting } = found;
    const { reason, program } = await reasonToSpareOnMysql(admin, blocker, target);
    const details = { terminated: describe(blocker, program), waiting };
    if (reason !== undefined) return untouched('refused', reason, { blocker: details.terminated, waiting });
    signal.throwIfAborted();
    isTold = true;
    if (!(await killIfSame(admin, blocker, world.clock, signal)))
      return untouched(
        'failed',
        `${whoOnMysql(blocker, program)} let go by itself before it was terminated`,
        details,
      );
    return await confirm(
      admin,
      { blocker, waiting, details, name: whoOnMysql(blocker, program) },
      world,
      signal,
    );
  } catch (error) {
    const { errno } = error as { errno?: unknown };
    if (typeof errno !== 'number' || !denied.includes(errno)) throw error;
    const right = isTold ? 'CONNECTION ADMIN (CONNECTION_ADMIN on MySQL)' : 'PROCESS';
    return untouched(
      'refused',
      `this user may not do that on ${target.name}: GRANT ${right} ON *.* to it (${messageOf(error)})`,
    );
  }
}

/** The session to end, or the reason why none is. Pure. */
export function findMysqlBlocker(
  { waiting: all, queues, roots, waiters }: LockPicture,
  { name }: Mysql,
  olderThanMs: number,
): Chosen | StepResult {
  if (all === 0) return untouched('failed', `nobody waits for a lock in ${name}`);
  if (queues.length === 0)
    return untouched(
      'failed',
      `${all} sessions wait for a lock in ${name}, and the server does not say for whom: ${mdlHint}`,
    );
  // Who is not in the list of sessions is a prepared transaction or has just gone; its age is not known, so it counts as old.
  const [first] = queues.filter(
    ({ pid }) => (roots.get(pid)?.seconds ?? Number.POSITIVE_INFINITY) * 1000 >= olderThanMs,
  );
  if (!first)
    return untouched(
      'failed',
      `sessions wait in ${name}, but nobody who holds them up does so for ${promDuration(olderThanMs)}`,
    );
  const { pid, waiting } = first;
  const blocker = roots.get(pid);
  if (pid === 0 || !blocker)
    return untouched('refused', `${waiting} wait for a transaction that has no session (prepared by XA?)`);
  if (waiters.has(pid))
    return untouched(
      'refused',
      `${whoOnMysql(blocker)} blocks others and waits for a lock itself, and the server does not say for whom: ${mdlHint}`,
      { blocker: describe(blocker), waiting },
    );
  return { blocker, waiting };
}

const mdlHint =
  "set performance_schema = ON and performance-schema-instrument = 'wait/lock/metadata/sql/mdl=ON'";

/**
 * Asked again at the last moment: a session that has gone on to another transaction, or that blocks nobody any more, is not hit. KILL takes
 * no condition, so between this answer and the KILL there are some milliseconds that nobody can close.
 */
export async function killIfSame(
  admin: MysqlAdmin,
  blocker: MysqlSession,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  await clock.sleep(freshAfterMs, signal);
  const now = await readLocks(admin);
  const still = now.roots.get(blocker.session);
  if (!still || !isSame(still, blocker)) return false;
  return await admin.kill(blocker.session);
}

async function confirm(
  admin: MysqlAdmin,
  { blocker, waiting, details, name }: Chosen & { details: Record<string, unknown>; name: string },
  world: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  const gone = async () => {
    return (
      !(await isConnected(admin, blocker.session)) && !(await readLocks(admin)).roots.has(blocker.session)
    );
  };
  const { clock } = world;
  try {
    await waitFor(gone, {
      what: `the end of ${name}`,
      timeoutMs: goneWithinMs,
      everyMs: freshAfterMs,
      signal,
      clock,
    });
  } catch (error) {
    signal.throwIfAborted();
    const summary = `${name} was told to end and is still there: ${messageOf(error)}`;
    return { outcome: 'failed', summary, touched: 1, details };
  }
  const held = `${promDuration(Math.floor(blocker.seconds) * 1000)}`;
  return {
    outcome: 'succeeded',
    summary: `terminated ${name}, ${blocker.command ?? 'unknown'}, which had held it for ${held}; ${waiting} waited for it`,
    touched: 1,
    details,
  };
}

const describe = ({ session, user, host, db, command, since }: MysqlSession, program?: string | null) => ({
  pid: session,
  applicationName: program ?? null,
  user,
  client: host,
  database: db,
  state: command,
  since,
});
