import pg from 'pg';
import { z } from 'zod';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { addressOf, connectPostgres } from '../../kit/postgres.ts';
import type { Fault, Injection, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { adminUrl } from '../undos/end-sessions.ts';
import { HeldLock } from './db-lock/held-lock.ts';

/** How long the fault itself may wait for its lock: while it waits, everybody queues behind it already. */
const lockTimeoutMs = 5000;

/** PostgreSQL's table lock modes, weakest first (https://www.postgresql.org/docs/current/explicit-locking.html). */
const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

const params = z.strictObject({
  /** The table, with its schema where that is not the first of the search path: `work_orders`, `public.work_orders`. */
  relation: z.string().regex(/^[^.]+(\.[^.]+)?$/, 'must be TABLE or SCHEMA.TABLE'),
  mode: z.enum(lockModes).default('ACCESS EXCLUSIVE'),
});
type Params = z.output<typeof params>;

/**
 * A transaction that locks a table and is forgotten. Its session lives by a sign of life every second: the server itself ends it
 * 4 s (`idle_in_transaction_session_timeout`) after the last one, whatever has become of the runner. A lock that is still being
 * waited for when the runner dies goes at the latest with `lock_timeout`, 5 s after it was asked for.
 */
export const dbLock: Fault<Params> = {
  kind: 'db.lock',
  summary: 'locks a table of a PostgreSQL database by a forgotten transaction',
  params,
  targets: ['postgres'],
  plan({ relation, mode }, { name, target }, run, durationMs): Plan {
    const address = addressOf(adminUrl(asKind(target, name, 'postgres')));
    const applicationName = runName(run);
    return {
      kind: 'db.lock',
      target: name,
      run,
      effects: [
        `opens two sessions on ${address} as ${applicationName}: one that locks, one that counts who waits`,
        `${lockStatement(relation, mode)} in a transaction that stays open: every session whose work conflicts waits`,
        `the server ends it by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: { kind: 'postgres.end-sessions', target: name, applicationName },
      durationMs,
    };
  },
  async inject(plan, wish, { name, target }, host, signal): Promise<Injection> {
    const url = adminUrl(asKind(target, name, 'postgres'));
    const applicationName = runName(plan.run);
    await using stack = new AsyncDisposableStack();
    const open = async () => {
      const client = await connectDrill(url, applicationName);
      stack.defer(() => client.end());
      signal.throwIfAborted();
      return client;
    };
    const counter = await open();
    const locker = await open();
    const lockerPid = await lock(locker, wish, name);
    signal.throwIfAborted();
    const held = new HeldLock({ plan, url, applicationName, locker, lockerPid, counter, host });
    stack.move();
    return held;
  },
};

const connectDrill = (url: string, applicationName: string): Promise<pg.Client> =>
  connectPostgres({
    url,
    applicationName,
    lockTimeoutMs,
    statementTimeoutMs: lockTimeoutMs + 1000,
    idleInTransactionTimeoutMs: leaseMs,
    queryTimeoutMs: lockTimeoutMs + 2000,
  });

/** LOCK takes no parameters, so the name is quoted as an identifier. */
function lockStatement(relation: string, mode: Params['mode']): string {
  const name = relation.split('.').map((part) => pg.escapeIdentifier(part));
  return `LOCK TABLE ${name.join('.')} IN ${mode} MODE`;
}

/** Takes the lock in a transaction that stays open; returns the id of the backend that holds it. */
async function lock(client: pg.Client, { relation, mode }: Params, target: string): Promise<number> {
  try {
    await client.query('BEGIN');
    await client.query(lockStatement(relation, mode));
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return rows[0]?.pid ?? 0;
  } catch (error) {
    throw new UnavailableError(
      'db-lock.not-granted',
      `table ${relation} on ${target} could not be locked: ${messageOf(error)}`,
      {
        mend: 'Mend the relation in the drill, or end the session that holds the table. Nothing was left behind.',
        cause: error,
      },
    );
  }
}
