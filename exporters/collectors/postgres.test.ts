import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import type { CollectorKind } from '../exporter-setup.ts';
import { blockSessions } from '../testing/blocked-sessions.ts';
import { collectOnce, type FoundMetrics, TestCollectors } from '../testing/collect.ts';
import { createExporterRole } from '../testing/postgres-role.ts';
import { type StandbyPostgres, startStandby } from '../testing/postgres-standby.ts';
import { postgresConnections } from './postgres-connections.ts';
import { postgresLocks } from './postgres-locks.ts';
import { postgresReplication } from './postgres-replication.ts';
import { postgresSize } from './postgres-size.ts';

let server: TestPostgres;
let standby: StandbyPostgres;
let mes: pg.Client;
let url: string;
/** For the role that the document for users makes, which has pg_monitor and nothing else. */
let exporterUrl: string;
beforeAll(async () => {
  server = await startTestPostgres();
  url = await server.database('mes');
  standby = await startStandby(server);
  mes = await connect(url);
  await mes.query('CREATE TABLE work_orders (id int)');
  exporterUrl = await createExporterRole(mes, url);
  await mes.query("CREATE ROLE curious LOGIN PASSWORD 'test'");
}, 120_000);
afterAll(async () => {
  await mes?.end();
  await standby?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
}, 60_000);

async function connect(to: string, applicationName = 'test'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: to, application_name: applicationName });
  client.on('error', () => {});
  await client.connect();
  return client;
}
async function collect(kind: CollectorKind, of = exporterUrl): Promise<FoundMetrics> {
  using collectors = new TestCollectors(kind, { targets: { db: { kind: 'postgres', url: of } } });
  return await collectOnce(collectors.get());
}
const curiousUrl = () => url.replace('postgres:test@', 'curious:test@');

describe('the PostgreSQL collectors', { timeout: 60_000 }, () => {
  it('publish what promtool finds nothing wrong with, for a role with pg_monitor alone.', async () => {
    await using _ = await blockSessions(url, 'work_orders', 1);
    for (const kind of [postgresLocks, postgresConnections, postgresReplication, postgresSize]) {
      const { text, failure } = await collect(kind);
      expect(failure).toBeUndefined();
      expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
    }
  });

  it('say what a role without that right cannot see, instead of counting wrong.', async () => {
    const { found, failure } = await collect(postgresConnections, curiousUrl());
    expect(failure).toBe(
      'the role may not see the sessions of others: connections and transactions are left out',
    );
    expect([...found.keys()]).toEqual([
      'mes_db_connections_max{target="db"}',
      'mes_db_deadlocks_total{target="db"}',
    ]);
    expect([...(await collect(postgresSize, curiousUrl())).found.keys()]).toEqual([
      'mes_db_size_bytes{target="db"}',
    ]);
  });
});

describe('the lock collector', { timeout: 60_000 }, () => {
  const pair = (blocker: string, blocked: string) =>
    `mes_db_blocking_sessions{target="db",blocker="${blocker}",blocked="${blocked}"}`;

  it('says who waits for whom, with names that do not grow without end, also for a role without rights.', async () => {
    expect(
      [...(await collect(postgresLocks)).found.keys()].filter((key) => key.includes('blocking')),
    ).toEqual([]);
    await using clients = new AsyncDisposableStack();
    const session = async (name: string) => {
      const client = await connect(url, name);
      clients.defer(() => client.end());
      return client;
    };
    const holder = await session('import 48213');
    await holder.query('BEGIN; LOCK TABLE work_orders');
    const waits = ['import 48507', 'terminal 7', '', 'e9c1a1de-0f35-4b7e-9d41-5c2f4ef6a0b1'].map(
      async (name) => (await session(name)).query('SELECT FROM work_orders'),
    );
    const isComplete = async () =>
      (await collect(postgresLocks)).found.get('mes_db_blocked_sessions{target="db"}') === 4;
    await waitFor(isComplete, { what: 'four blocked sessions', timeoutMs: 10_000 });
    for (const of of [exporterUrl, curiousUrl()]) {
      const { found } = await collect(postgresLocks, of);
      const pairs = ['import #', 'terminal 7', '#'].map((blocked) => found.get(pair('import #', blocked)));
      expect(pairs).toEqual([1, 1, 1]);
      const unnamed = ['client backend', 'unnamed'].map((blocked) => found.get(pair('import #', blocked)));
      expect(unnamed.filter((value) => value !== undefined)).toEqual([1]);
    }
    await holder.query('ROLLBACK');
    await Promise.all(waits);
  });

  it('names a prepared transaction, which has no session, and keeps to the ten busiest pairs.', async () => {
    await mes.query("BEGIN; LOCK TABLE work_orders; PREPARE TRANSACTION 'forgotten'");
    await using clients = new AsyncDisposableStack();
    const waits = Array.from({ length: 12 }, async (_, index) => {
      const client = await connect(url, `terminal ${index % 11}`);
      clients.defer(() => client.end());
      await client.query('SELECT FROM work_orders');
    });
    const blocked = async () => (await collect(postgresLocks)).found;
    const isComplete = async () => (await blocked()).get('mes_db_blocked_sessions{target="db"}') === 12;
    await waitFor(isComplete, { what: 'twelve blocked sessions', timeoutMs: 10_000 });
    const found = await blocked();
    expect(found.get(pair('prepared transaction', 'terminal 0'))).toBe(2);
    expect([...found.keys()].filter((key) => key.includes('blocking_sessions'))).toHaveLength(10);
    await mes.query("ROLLBACK PREPARED 'forgotten'");
    await Promise.all(waits);
  });
});

describe('the size collector', { timeout: 60_000 }, () => {
  it('measures under ACCESS EXCLUSIVE too, once a minute.', async () => {
    await using _ = await blockSessions(url, 'work_orders', 1);
    using collectors = new TestCollectors(postgresSize, {
      targets: { db: { kind: 'postgres', url: exporterUrl } },
    });
    const first = await collectOnce(collectors.get());
    expect(first.found.get('mes_db_size_bytes{target="db"}')).toBeGreaterThan(1_000_000);
    expect(first.found.get('mes_db_log_size_bytes{target="db"}')).toBeGreaterThanOrEqual(16 * 1024 * 1024);
    expect(first.steps).toHaveLength(2);
    const again = await collectOnce(collectors.get());
    expect([again.found, again.steps]).toEqual([first.found, []]);
  });
});

describe('the replication collector', { timeout: 180_000 }, () => {
  const lag = async (of: string) =>
    (await collect(postgresReplication, of)).found.get('mes_db_replication_lag_seconds{target="db"}');
  // A replica that has lost its primary looks for it every 5 s.
  const untilLag = (of: string, what: string, isSo: (lag: number | undefined) => boolean) =>
    waitFor(async () => isSo(await lag(of)), { what, timeoutMs: 60_000 });
  const replay = async (verb: 'pause' | 'resume') => {
    const client = await connect(standby.url('mes'));
    await client.query(`SELECT pg_wal_replay_${verb}()`);
    await client.end();
  };
  const write = () => mes.query('INSERT INTO work_orders VALUES (1)');

  it('says 0 where everything has been replayed, on both sides.', async () => {
    const replica = exporterUrl.replace(`:${server.port}/`, `:${new URL(standby.url('mes')).port}/`);
    await write();
    await untilLag(replica, 'a replica that has caught up', (value) => value === 0);
    await untilLag(exporterUrl, 'a primary that knows', (value) => value !== undefined && value < 1);
  });

  it('grows on both sides while the replica does not replay.', async () => {
    await replay('pause');
    const behind = (value = 0) => value > 0.3;
    const written = async () => {
      await write();
      return behind(await lag(exporterUrl));
    };
    await waitFor(written, { what: 'the lag at the primary', timeoutMs: 60_000 });
    await untilLag(standby.url('mes'), 'the lag at the replica', behind);
    await replay('resume');
    await untilLag(standby.url('mes'), 'a replica that has caught up', (value) => value === 0);
  });

  it('grows on a replica that has lost its primary, although it has replayed all that it received.', async () => {
    await mes.end();
    await server.crash();
    await untilLag(standby.url('mes'), 'the age of the last transaction', (value = 0) => value > 0);
    const before = (await lag(standby.url('mes'))) ?? 0;
    expect(await lag(standby.url('mes'))).toBeGreaterThan(before);
    await server.start();
    mes = await connect(url);
    await untilLag(standby.url('mes'), 'a replica that is connected again', (value) => value === 0);
  });

  it('leaves the metric out where there is no replica.', async () => {
    await standby[Symbol.asyncDispose]();
    await untilLag(exporterUrl, 'no standby', (value) => value === undefined);
  });
});
