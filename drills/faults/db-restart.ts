import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import { serviceBehind } from '../../kit/process/service-of.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Fault, Host, Injection, NamedTarget, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import type { DrillSession } from './db/drill-session.ts';
import { engineOf } from './db/engine.ts';
import { RestartedServer } from './db-restart/restart.ts';
import { demandThatServes, serverName, serverOf } from './db-restart/server-of.ts';
import { demandStoppable, stopService } from './process/stopped-service.ts';

/** A fast shutdown writes what is in memory to the disk first. */
const graceMs = 30_000;
/** With its process a server's connections end, unless it was another server's process. */
const cutOffMs = 3000;

const params = z.strictObject({
  /** `fast` ends sessions and writes what is in memory to the disk; `immediate` is a crash, with recovery at the next start. */
  how: z.enum(['fast', 'immediate']).default('fast'),
});
type Params = z.output<typeof params>;

/** PostgreSQL: its manual on shutting down; MariaDB and MySQL know no immediate shutdown but the crash itself. */
const signals = {
  postgres: { fast: 'SIGINT', immediate: 'SIGQUIT' },
  mysql: { fast: 'SIGTERM', immediate: 'SIGKILL' },
} as const;

/** A database server that goes down and comes up again, as in an update, a crash or a move to another host. */
export const dbRestart: Fault<Params> = {
  kind: 'db.restart',
  summary: 'stops a PostgreSQL, MySQL or MariaDB server and starts it again',
  affects: 'session',
  params,
  targets: ['postgres', 'mysql'],
  plan({ how }, target, run, durationMs): Plan {
    const server = serverName(target);
    return {
      kind: 'db.restart',
      target: target.name,
      run,
      effects: [
        `sends ${signalOf(target, how)} to what runs behind ${server}: the server at ${engine(target, run).address} ends, and every session with it`,
        `kills it when it has not ended after ${graceMs / 1000} s`,
        `starts ${server} after ${durationMs / 1000} s, unless somebody else has by then, and waits until it answers`,
        leashEffect,
      ],
      undo: { kind: 'process.start', target: server },
      durationMs,
    };
  },
  async demand(_params, target, { targets }) {
    const server = serverOf(target, targets);
    await demandStoppable(server, AbortSignal.timeout(10_000));
    await using session = await engine(target, 'preflight').ask();
    await demandMatch(session, target, server);
  },
  async inject(plan, { how }, target, host, signal): Promise<Injection> {
    const server = serverOf(target, host.targets);
    const sessions = engine(target, plan.run);
    await using session = await sessions.ask();
    await demandMatch(session, target, server);
    const cutOff = await sessionsOfOthers(session, target);
    const stop = { signal: signalOf(target, how), graceMs };
    const stopped = await stopService({ ...plan, target: server.name }, stop, server, host, signal);
    await seeItEnd(session, stopped, target, server, host);
    return new RestartedServer(target.name, stopped, sessions, cutOff);
  },
};

const engine = (target: NamedTarget, run: string) => engineOf({ target, run, seats: 1 });

const signalOf = ({ target }: NamedTarget, how: Params['how']) =>
  signals[target.kind === 'mysql' ? 'mysql' : 'postgres'][how];

async function demandMatch(session: DrillSession, target: NamedTarget, server: NamedTarget): Promise<void> {
  const { pid } = await serviceBehind(server).demand(AbortSignal.timeout(10_000));
  await demandThatServes(session, target, server, pid);
}

async function sessionsOfOthers(session: DrillSession, { target }: NamedTarget): Promise<number> {
  const text =
    target.kind === 'mysql'
      ? `SELECT COUNT(*) AS others FROM information_schema.processlist
         WHERE ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler')`
      : `SELECT count(*)::int AS others FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`;
  return Number((await session.query<{ others: unknown }>(text))[0]?.others ?? 0);
}

/** The last proof that it was the right process. If it was not, that process is started again. */
async function seeItEnd(
  session: DrillSession,
  stopped: Injection,
  { name }: NamedTarget,
  server: NamedTarget,
  { clock }: Host,
): Promise<void> {
  try {
    await waitFor(() => session.isOver, {
      what: `the end of the sessions of ${name}`,
      timeoutMs: cutOffMs,
      everyMs: 20,
      clock,
    });
  } catch (cause) {
    await stopped[Symbol.asyncDispose]();
    throw new UnavailableError(
      'db-restart.other-server',
      `${server.name} was stopped, and the sessions of ${name} go on: it is not its server`,
      { mend: `${server.name} was started again. Correct server: of ${name} in andon.yaml.`, cause },
    );
  }
}
