import { type Clock, systemClock } from '../../../../kit/clock.ts';
import { silentLog } from '../../../../kit/log.ts';
import { connectMysql } from '../../../../kit/mysql.ts';
import { connectPostgres } from '../../../../kit/postgres.ts';
import { type Targets, targetsSchema } from '../../../../kit/targets.ts';
import { waitFor } from '../../../../kit/wait.ts';
import { startTestMariadb } from '../../../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../../../lab/testing/postgres.ts';
import type { Fault, Injection, NamedTarget } from '../../../fault.ts';
import { noLeash } from '../../../testing/test-host.ts';
import type { Row } from '../drill-session.ts';

/** Somebody's session on the database. */
export interface Client extends AsyncDisposable {
  query(text: string): Promise<Row[]>;
}

/** A real server with one database, of either kind, and the target `mes-db` that names it. */
export interface DatabasePlace extends AsyncDisposable {
  readonly kind: 'postgres' | 'mysql';
  readonly targets: Targets;
  readonly target: NamedTarget;
  /** Ends the server as a crash would; starts it again. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** A session of the administrator, or of somebody else. */
  client(user?: { name: string; password: string }): Promise<Client>;
  /** One statement in a session of its own. */
  query(text: string): Promise<Row[]>;
  /** The target as reached by somebody else. */
  targetOf(user: { name: string; password: string }): NamedTarget;
}

export const databaseKinds = ['postgres', 'mysql'] as const;

export async function startDatabase(kind: DatabasePlace['kind']): Promise<DatabasePlace> {
  const server = await (kind === 'postgres' ? startTestPostgres() : startTestMariadb());
  const url = await server.database('mes');
  const connect = kind === 'postgres' ? postgresClient : mysqlClient;
  const urlOf = (user?: { name: string; password: string }) =>
    user === undefined
      ? url
      : Object.assign(new URL(url), { username: user.name, password: user.password }).href;
  const targetAt = (admin_url: string) => targetsSchema.parse({ 'mes-db': { kind, url: admin_url } });
  const named = (targets: Targets): NamedTarget => {
    const target = targets['mes-db'];
    if (target === undefined) throw new Error('no target mes-db');
    return { name: 'mes-db', target };
  };
  const targets = targetAt(url);
  const client: DatabasePlace['client'] = (user) => connect(urlOf(user));
  return {
    kind,
    targets,
    target: named(targets),
    crash: () => server.crash(),
    start: () => server.start(),
    client,
    async query(text) {
      await using session = await client();
      return await session.query(text);
    },
    targetOf: (user) => named(targetAt(urlOf(user))),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function postgresClient(url: string): Promise<Client> {
  const limits = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, connectTimeoutMs: 10_000 };
  const client = await connectPostgres({ url, applicationName: 'plant', ...limits });
  return {
    query: async (text) => (await client.query(text)).rows,
    [Symbol.asyncDispose]: () => client.end().catch(() => {}),
  };
}

async function mysqlClient(url: string): Promise<Client> {
  const connection = await connectMysql({ url, applicationName: 'plant', connectTimeoutMs: 10_000 });
  return {
    async query(text) {
      const [rows] = await connection.query(text);
      return Array.isArray(rows) ? (rows as Row[]) : [];
    },
    [Symbol.asyncDispose]: async () => connection.destroy(),
  };
}

/** A fault as the runner would inject it for a minute. It must not ask for a leash: the server leases it. */
export function injected<P>(
  fault: Fault<P>,
  wish: object,
  { targets, target }: Pick<DatabasePlace, 'targets' | 'target'>,
  run: string,
  clock: Clock = systemClock,
): Promise<Injection> {
  const params = fault.params.parse(wish);
  const host = { clock, log: silentLog, fetch, targets, leash: noLeash };
  const plan = fault.plan(params, target, run, 60_000);
  return fault.inject(plan, params, target, host, new AbortController().signal);
}

/** Asks the preflight's questions. */
export const demanded = <P>(
  fault: Fault<P>,
  wish: object,
  { targets, target }: Pick<DatabasePlace, 'targets' | 'target'>,
): Promise<void> | undefined =>
  fault.demand?.(fault.params.parse(wish), target, { clock: systemClock, log: silentLog, fetch, targets });

/** A clock that can be frozen: then whoever sleeps by it never wakes. */
export function freezable(): { clock: Clock; freeze: () => void } {
  let frozen = false;
  const sleep: Clock['sleep'] = (ms, signal) => systemClock.sleep(frozen ? 3_600_000 : ms, signal);
  return {
    clock: { ...systemClock, sleep },
    freeze: () => {
      frozen = true;
    },
  };
}

/** MySQL's list of transactions stays as it is while it is read more often than every 0.1 s. */
const askEveryMs = 250;

export const within = (what: string, check: () => Promise<boolean>): Promise<unknown> =>
  waitFor(check, { what, timeoutMs: 40_000, everyMs: askEveryMs });
