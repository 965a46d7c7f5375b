import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListeningServer } from '../../kit/http-server.ts';
import { silentLog } from '../../kit/log.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { postgresLocks } from '../collectors/postgres-locks.ts';
import { exporterSection } from '../config.ts';
import { startExporter } from '../server.ts';
import { blockSessions } from '../testing/blocked-sessions.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { exporterSessions } from '../testing/exporter-sessions.ts';
import { startHalfOpenLink } from '../testing/half-open-link.ts';
import { parseMetrics } from '../testing/metrics-text.ts';
import { createExporterRole } from '../testing/postgres-role.ts';
import { takeConnections } from '../testing/taken-connections.ts';

let server: TestPostgres;
let admin: pg.Client;
let url: string;
/** For the role that the document makes. */
let exporterUrl: string;
let exporter: ListeningServer;
beforeAll(async () => {
  server = await startTestPostgres();
  url = await server.database('mes');
  admin = await server.session('admin');
  exporterUrl = await createExporterRole(admin, url);
  await admin.query("CREATE ROLE clerk LOGIN PASSWORD 'test'");
  // Reserved connections need a restart.
  await server.crash();
  await server.start();
  admin = await server.session('admin');
  const mes = new pg.Client({ connectionString: url });
  await mes.connect();
  await mes.query('CREATE TABLE work_orders (id int)');
  await mes.end();
  exporter = await exporterOf(exporterUrl);
}, 120_000);
afterAll(async () => {
  await exporter?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
}, 60_000);

const clerkUrl = () => url.replace('postgres:test@', 'clerk:test@');
const exporterOf = (target: string) =>
  startExporter({
    config: exporterSection.parse({ listen: '127.0.0.1:0' }),
    targets: targetsSchema.parse({ db: { kind: 'postgres', url: target } }),
    version: '0.0.0',
    log: silentLog,
  });
async function probe(of: ListeningServer, timeoutSeconds = 4): Promise<Map<string, number>> {
  const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutSeconds) };
  return parseMetrics(await (await fetch(`${of.url}/probe?target=db`, { headers })).text());
}
const successes = (found: Map<string, number>) =>
  [...found]
    .filter(([series]) => series.startsWith('mes_exporter_collector_success'))
    .map(([, value]) => value);
async function outcome(target: string) {
  using collectors = new TestCollectors(postgresLocks, {
    targets: { db: { kind: 'postgres', url: target } },
  });
  const { found, failure } = await collectOnce(collectors.get());
  return {
    up: found.get('mes_db_up{target="db"}'),
    blocked: found.get('mes_db_blocked_sessions{target="db"}'),
    failure,
  };
}

describe('with a locked table, 80 blocked sessions and every connection taken', { timeout: 60_000 }, () => {
  it('a probe answers over the connections it has, and a new exporter over the reserved ones.', async () => {
    const before = await probe(exporter);
    expect(before.get('mes_db_blocked_sessions{target="db"}')).toBe(0);
    await using _blocked = await blockSessions(url, 'work_orders', 80);
    await using taken = await takeConnections(clerkUrl());
    expect(taken.count).toBeGreaterThan(0);

    const found = await probe(exporter);
    expect(Object.fromEntries(found)).toMatchObject({
      'mes_db_up{target="db"}': 1,
      'mes_db_blocked_sessions{target="db"}': 80,
      'mes_db_blocking_sessions{target="db",blocker="forgotten transaction",blocked="terminal"}': 80,
      'mes_db_connections_max{target="db"}': 100,
    });
    expect(found.get('mes_db_connections{target="db"}')).toBeGreaterThan(90);
    expect(new Set(successes(found))).toEqual(new Set([1]));

    const refusal =
      'remaining connection slots are reserved for roles with privileges of the "pg_use_reserved_connections" role';
    const { host } = new URL(url);
    expect(await outcome(clerkUrl())).toEqual({
      up: 0,
      blocked: undefined,
      failure: `PostgreSQL at ${host}/mes: ${refusal}`,
    });
    expect(await outcome(exporterUrl)).toEqual({ up: 1, blocked: 80, failure: undefined });
  });
});

describe('hundreds of scrapes with faults', { timeout: 120_000 }, () => {
  it('never hold more than two connections, and leave nothing behind.', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    await using link = await startHalfOpenLink(server.port);
    // Those of the exporter of the other test.
    await sessionsAtMost(2);
    const socketsBefore = sockets();
    let mostHeld = 0;
    let failed = 0;
    {
      await using faulty = await exporterOf(exporterUrl.replace(`:${server.port}/`, `:${link.port}/`));
      for (let scrape = 0; scrape < 240; scrape += 1) {
        const isCut = scrape % 80 === 79;
        if (isCut) link.cut();
        if (scrape % 10 === 3) link.forget();
        if (scrape % 10 === 6) await terminateExporter();
        const found = await probe(faulty, isCut ? 0.6 : 4);
        mostHeld = Math.max(mostHeld, link.connections());
        if (isCut) link.heal();
        if (successes(found).includes(0)) failed += 1;
        await sessionsAtMost(4);
      }
      expect(mostHeld).toBe(2);
      // Of a cut cable each scrape must tell; the other faults are mended within theirs.
      expect(failed).toBe(3);
    }
    await waitFor(() => link.connections() === 0, { what: 'no connection', timeoutMs: 10_000 });
    await sessionsAtMost(2);
    await waitFor(() => sockets() <= socketsBefore, { what: 'no socket left over', timeoutMs: 10_000 });
  });
});

/** On the server. One that is terminated takes a moment to go. */
async function sessionsAtMost(count: number): Promise<void> {
  const what = `at most ${count} sessions of exporters`;
  await waitFor(async () => (await exporterSessions(admin)).length <= count, { what, timeoutMs: 10_000 });
}

async function terminateExporter(): Promise<void> {
  await admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'andon exporter'",
  );
}
