import type { Fault, Injection, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { leasedLimits } from './db/drill-session.ts';
import { engineOf } from './db/engine.ts';
import { HeldSession } from './db/held-session.ts';
import { waitsOn } from './db/waits.ts';
import { BlockedSessions } from './db-lock/blocked-sessions.ts';
import { demandLock } from './db-lock/demand.ts';
import { lock, lockInWords } from './db-lock/lock.ts';
import { type LockParams, lockParams } from './db-lock/params.ts';

/** One that locks, and one that counts who waits. */
const seats = 2;

/**
 * Somebody who locks a table or some rows and is forgotten. Its session lives by a sign of life every second: the server itself
 * ends it 4 s after the last one (`idle_in_transaction_session_timeout`, or MySQL's `wait_timeout`), whatever has become of the
 * runner. A lock that is still being waited for when the runner dies goes at the latest 5 s after it was asked for.
 */
export const dbLock: Fault<LockParams> = {
  kind: 'db.lock',
  summary: 'locks a table, or rows of it, by a forgotten session',
  affects: 'session',
  params: lockParams,
  targets: ['postgres', 'mysql'],
  plan(wish, target, run, durationMs): Plan {
    const engine = engineOf({ target, run, seats });
    return {
      kind: 'db.lock',
      target: target.name,
      run,
      effects: [
        `opens two sessions on ${engine.address} as ${engine.applicationName}: one that locks, one that counts who waits`,
        lockInWords(engine.kind, wish),
        `the server ends it by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: engine.undo,
      durationMs,
    };
  },
  async demand(wish, target) {
    const engine = engineOf({ target, run: 'preflight', seats });
    await using session = await engine.ask();
    await demandLock({ kind: engine.kind, session, target: target.name }, wish);
  },
  async inject(plan, wish, target, host, signal): Promise<Injection> {
    const engine = engineOf({ target, run: plan.run, seats });
    await using stack = new AsyncDisposableStack();
    const open = async () => {
      const session = stack.use(await engine.open(leasedLimits));
      signal.throwIfAborted();
      return session;
    };
    const counter = await open();
    const holder = await open();
    await lock(engine.kind, holder, wish, target.name);
    signal.throwIfAborted();
    const held = { relation: wish.relation, holder: holder.id };
    const witness = new BlockedSessions(holder.id, () => waitsOn(engine.kind, counter, held));
    const injection = new HeldSession({ plan, engine, holder, counter, witness, host });
    stack.move();
    return injection;
  },
};
