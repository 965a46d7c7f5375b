import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import type { Fault, Injection, Plan } from '../fault.ts';
import { demandRowLocks, type Place } from './db/demands.ts';
import type { SessionLimits } from './db/drill-session.ts';
import { engineOf } from './db/engine.ts';
import { relationName, whereColumns } from './db/statement.ts';
import type { Duel } from './db-deadlocks/duel.ts';
import { rowsOf } from './db-deadlocks/rows.ts';
import { Storm } from './db-deadlocks/storm.ts';

/**
 * A wait for a row ends later than the server needs to find a deadlock. A runner that is frozen in it is silent only after it, so
 * both together are no longer than 5 s.
 */
const limits: SessionLimits = { statementMs: 3000, lockMs: 2000, idleMs: 3000 };
/** PostgreSQL looks for a deadlock only when somebody has waited a second (`deadlock_timeout`): so long a duel lasts, and a bit. */
const duelSeconds = 1.2;

const params = z.strictObject({
  /** The table whose rows are fought over, with its schema where that is needed. */
  relation: relationName,
  /** Columns and values of those rows; every row when left out. The first 200 that the server finds are taken. */
  where: whereColumns.default({}),
  /** The columns that tell its rows apart; its primary key when left out. */
  key: z.array(z.string().min(1)).min(1).optional(),
  /** Deadlocks a second. */
  rate: z.number().min(0.1).max(10).default(1),
});
type Params = z.output<typeof params>;

const duelsFor = (rate: number): number => Math.ceil(rate * duelSeconds);
/** Two for each duel, and one that looks for rows. */
const seatsFor = (rate: number): number => 2 * duelsFor(rate) + 1;

/**
 * A storm of deadlocks: pairs of sessions take two rows of a table in opposite order, and the server ends one of them each time.
 * Nothing is ever changed or committed. Every session is given up by the server at the latest 5 s after its runner's last sign of life.
 */
export const dbDeadlocks: Fault<Params> = {
  kind: 'db.deadlocks',
  summary: 'makes real deadlocks over the rows of a table, again and again',
  affects: 'deadlock',
  params,
  targets: ['postgres', 'mysql'],
  plan({ relation, rate }, target, run, durationMs): Plan {
    const engine = engineOf({ target, run, seats: seatsFor(rate) });
    const each =
      engine.kind === 'postgres' ? 'deadlock_timeout (1 s unless it was changed)' : 'some milliseconds';
    return {
      kind: 'db.deadlocks',
      target: target.name,
      run,
      effects: [
        `opens ${seatsFor(rate)} sessions on ${engine.address} as ${engine.applicationName}`,
        `about ${rate} times a second two of them lock two rows of ${relation} in opposite order (SELECT … FOR UPDATE) until the server ends one with a deadlock; both are rolled back, nothing is changed`,
        `whoever needs one of those two rows meanwhile waits for ${each}, and may be the one that the server ends`,
        `the server ends every session by itself at the latest ${(limits.lockMs + limits.idleMs) / 1000} s after the last sign of life of the drill`,
      ],
      undo: engine.undo,
      durationMs,
    };
  },
  async demand(wish, target) {
    const engine = engineOf({ target, run: 'preflight', seats: 1 });
    await using session = await engine.ask();
    const place = { kind: engine.kind, session, target: target.name };
    await demandDetection(place);
    await rowsOf(place, wish);
    await demandRowLocks(place, wish.relation, wish.where);
  },
  async inject(plan, wish, target, host, signal): Promise<Injection> {
    const engine = engineOf({ target, run: plan.run, seats: seatsFor(wish.rate) });
    await using stack = new AsyncDisposableStack();
    const open = async () => {
      const session = stack.use(await engine.open(limits));
      signal.throwIfAborted();
      if (engine.kind === 'mysql')
        await session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      return session;
    };
    const scout = await open();
    const rows = () => rowsOf({ kind: engine.kind, session: scout, target: target.name }, wish);
    await rows();
    const duels: Duel[] = [];
    while (duels.length < duelsFor(wish.rate))
      duels.push({ kind: engine.kind, relation: wish.relation, sessions: [await open(), await open()] });
    signal.throwIfAborted();
    const everyMs = (1000 * duels.length) / wish.rate;
    const storm = new Storm({ plan, engine, scout, duels, everyMs, rows, host });
    stack.move();
    return storm;
  },
};

/** A server that does not look for deadlocks, or too late, would only let both wait. */
async function demandDetection({ kind, session, target }: Place): Promise<void> {
  if (kind === 'mysql') {
    const [row] = await session.query('SELECT @@innodb_deadlock_detect AS detects');
    if (Number(row?.detects) === 1) return;
    throw new UnavailableError('db.deadlocks', `${target} does not look for deadlocks`, {
      mend: 'SET GLOBAL innodb_deadlock_detect = ON. Nothing was touched.',
    });
  }
  const [row] = await session.query<{ ms: number }>(
    "SELECT setting::int AS ms FROM pg_settings WHERE name = 'deadlock_timeout'",
  );
  if ((row?.ms ?? 0) < limits.lockMs) return;
  throw new UnavailableError('db.deadlocks', `${target} looks for deadlocks only after ${row?.ms} ms`, {
    mend: `Set deadlock_timeout below ${limits.lockMs / 1000} s. Nothing was touched.`,
  });
}
