import { z } from 'zod';
import type { Fault, Injection, NamedTarget, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { leasedLimits, type SessionLimits } from './db/drill-session.ts';
import { engineOf } from './db/engine.ts';
import { BusyServer, measured } from './db-slow/busy-server.ts';
import { Slowdown } from './db-slow/slowdown.ts';
import { settings, workOf } from './db-slow/work.ts';

/** So often the control statement is measured before the work begins. */
const measuresBefore = 5;

const params = z.strictObject({
  /** Sessions that are always at work: at least twice the processors of the server, to be felt by everybody. */
  workers: z.int().min(1).max(64).default(4),
  /** `cpu` reckons, `io` reads the biggest table of the database from its beginning to its end. */
  kind: z.enum(['cpu', 'io']).default('cpu'),
});
type Params = z.output<typeof params>;

/** No statement outlives its runner by more than this, whoever has died. */
const limits: SessionLimits = { ...leasedLimits, statementMs: leaseMs };

/** Keeps a database server so busy that everybody else waits, as a report without an index does. */
export const dbSlow: Fault<Params> = {
  kind: 'db.slow',
  summary: 'keeps the processors or disks of a PostgreSQL, MySQL or MariaDB server busy',
  affects: 'statement',
  params,
  targets: ['postgres', 'mysql'],
  plan({ workers, kind }, target, run, durationMs): Plan {
    const { address, applicationName, undo } = engine(target, run, workers);
    const what =
      kind === 'cpu'
        ? 'fills a processor with arithmetic'
        : 'reads the biggest table of the database over and over';
    return {
      kind: 'db.slow',
      target: target.name,
      run,
      effects: [
        `opens ${workers + 1} sessions on ${address} as ${applicationName}: one that measures, and ${workers} each of which ${what}`,
        'changes no data and takes no lock that a reader or writer would wait for',
        `the server ends each statement after ${leaseMs / 1000} s, and each session ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo,
      durationMs,
    };
  },
  async demand({ workers, kind }, target) {
    const sessions = engine(target, 'preflight', workers);
    await using session = await sessions.ask();
    await workOf(kind, sessions, session);
  },
  async inject(plan, { workers, kind }, target, host, signal): Promise<Injection> {
    const sessions = engine(target, plan.run, workers);
    await using stack = new AsyncDisposableStack();
    const open = async () => {
      const session = stack.use(await sessions.open(limits));
      await session.query(settings[sessions.kind]);
      return session;
    };
    const observer = await open();
    const work = await workOf(kind, sessions, observer);
    const slowdown = new Slowdown();
    for (let count = 0; count < measuresBefore; count++) slowdown.before(await measured(observer, sessions));
    // Beside each other: the first would be silent for too long while the last one is opened.
    const opening = await Promise.allSettled(Array.from({ length: workers }, open));
    const failed = opening.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    signal.throwIfAborted();
    stack.move();
    return new BusyServer({
      plan,
      engine: sessions,
      workers: opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      work,
      observer,
      slowdown,
      // How much slower others become by reading depends on what they read themselves.
      mustBeFelt: kind === 'cpu',
      host,
    });
  },
};

const engine = (target: NamedTarget, run: string, workers: number) =>
  engineOf({ target, run, seats: workers + 1 });
