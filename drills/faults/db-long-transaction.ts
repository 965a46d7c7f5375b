import { z } from 'zod';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { Fault, Injection, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { demandSight, type Place } from './db/demands.ts';
import { type DrillEngine, type DrillSession, leasedLimits } from './db/drill-session.ts';
import { engineOf } from './db/engine.ts';
import { HeldSession } from './db/held-session.ts';
import { OldestTransaction } from './db-long-transaction/oldest.ts';

/** One whose transaction stays open, and one that looks how old it is. */
const seats = 2;

const params = z.strictObject({});
type Params = z.output<typeof params>;

/**
 * What opens the transaction and makes the server keep old row versions for it, with no lock that anybody could wait for. On
 * PostgreSQL it has a snapshot and a number of its own, which clean-up stops at; on MySQL a read view, which purging stops at.
 */
const begin: Record<DrillEngine['kind'], readonly string[]> = {
  postgres: ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT pg_current_xact_id()::text'],
  mysql: [
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  ],
};

const inWords: Record<DrillEngine['kind'], string> = {
  postgres:
    'opens a transaction (REPEATABLE READ, with a snapshot and a transaction id) and leaves it idle: it holds no lock, and VACUUM removes nothing that was deleted or changed since',
  mysql:
    'opens a transaction (START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY) and leaves it idle: it locks no row, and the purge of old row versions stops at it (the history list grows)',
};

/**
 * Somebody who has opened a transaction and gone to lunch. It lives by a statement every second, which does not end it: the server
 * ends it 4 s after the last one, whatever has become of the runner.
 */
export const dbLongTransaction: Fault<Params> = {
  kind: 'db.long-transaction',
  summary: 'leaves a transaction open that locks nothing, and keeps old row versions from being cleared away',
  affects: 'transaction',
  params,
  targets: ['postgres', 'mysql'],
  plan(_wish, target, run, durationMs): Plan {
    const engine = engineOf({ target, run, seats });
    return {
      kind: 'db.long-transaction',
      target: target.name,
      run,
      effects: [
        `opens two sessions on ${engine.address} as ${engine.applicationName}: one with the transaction, one that looks how old it is`,
        inWords[engine.kind],
        `the server ends it by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: engine.undo,
      durationMs,
    };
  },
  async demand(_wish, target) {
    const engine = engineOf({ target, run: 'preflight', seats });
    await using session = await engine.ask();
    const place = { kind: engine.kind, session, target: target.name };
    await demandSight(place);
    await demandPrimary(place);
  },
  async inject(plan, _wish, target, host, signal): Promise<Injection> {
    const engine = engineOf({ target, run: plan.run, seats });
    await using stack = new AsyncDisposableStack();
    const open = async () => {
      const session = stack.use(await engine.open(leasedLimits));
      signal.throwIfAborted();
      return session;
    };
    const counter = await open();
    const holder = await open();
    await openTransaction(engine.kind, holder, target.name);
    signal.throwIfAborted();
    const witness = new OldestTransaction(engine.kind, counter, holder.id);
    const injection = new HeldSession({ plan, engine, holder, counter, witness, host });
    stack.move();
    return injection;
  },
};

async function openTransaction(
  kind: DrillEngine['kind'],
  session: DrillSession,
  target: string,
): Promise<void> {
  try {
    for (const statement of begin[kind]) await session.query(statement);
  } catch (error) {
    throw new UnavailableError(
      'db-long-transaction.refused',
      `${target} did not open a transaction: ${messageOf(error)}`,
      { mend: 'Look at the server. Nothing was left behind.', cause: error },
    );
  }
}

/** A standby gives out no transaction ids, and clears nothing away by itself. */
async function demandPrimary({ kind, session, target }: Place): Promise<void> {
  if (kind === 'mysql') return;
  const [row] = await session.query('SELECT pg_is_in_recovery() AS standby');
  if (row?.standby !== true) return;
  throw new UnavailableError('db-long-transaction.standby', `${target} is a standby`, {
    mend: 'Name the primary as the target. Nothing was touched.',
  });
}
