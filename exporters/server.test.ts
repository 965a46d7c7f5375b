import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../kit/checker.ts';
import { waitFor } from '../kit/wait.ts';
import { metrics } from './catalogue.ts';
import { blockSessions } from './testing/blocked-sessions.ts';
import { type ExporterLab, startExporterLab } from './testing/exporter-lab.ts';
import { scrapeMetrics } from './testing/metrics-text.ts';

let lab: ExporterLab;
beforeAll(async () => {
  lab = await startExporterLab();
}, 120_000);
afterAll(() => lab?.[Symbol.asyncDispose](), 60_000);

const up = 'mes_db_up{target="mes-db"}';
const success = (collector: string, target = 'mes-db') =>
  `mes_exporter_collector_success{collector="${collector}",target="${target}"}`;
const scrape = (timeoutSeconds?: number) => scrapeMetrics(lab.exporter.url, timeoutSeconds);

describe('the exporter', { timeout: 30_000 }, () => {
  it('publishes nothing that is not in its catalogue', async () => {
    await using _ = await blockSessions(lab.postgres.url('mes'), 'outbox', 1);
    const known = new Set(Object.values(metrics).map(({ name }) => name));
    const own = /^(process|nodejs)_/;
    const text = await (await fetch(`${lab.exporter.url}/metrics`)).text();
    const published = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '');
    expect(published.filter((name) => !known.has(name) && !own.test(name))).toEqual([]);
    for (const { name } of [metrics.dbRootBlockerTransaction, metrics.operationWait, metrics.queueAcked])
      expect(published).toContain(name);
  });

  it('publishes what promtool finds nothing wrong with', async () => {
    const text = await (await fetch(`${lab.exporter.url}/metrics`)).text();
    const { ok, output } = await runChecker('promtool', ['check', 'metrics'], text);
    expect(ok, output).toBe(true);
    const spoiled = text.replaceAll('mes_operations_total', 'mes_operations');
    expect((await runChecker('promtool', ['check', 'metrics'], spoiled)).ok).toBe(false);
  });

  it('counts work orders by ISA-95 state, and takes the oldest entry from the unfinished ones', async () => {
    expect(Object.fromEntries(await scrape())).toMatchObject({
      'mes_work_orders{target="mes",state="not_allowed_to_start"}': 2,
      'mes_work_orders{target="mes",state="running"}': 2,
      'mes_work_orders{target="mes",state="ended"}': 2,
      'mes_work_orders{target="mes",state="aborted"}': 0,
      'mes_work_order_oldest_state_entry_timestamp_seconds{target="mes",state="running"}':
        Date.parse('2026-01-01T00:02:00Z') / 1000,
      // wo-6 was closed a year earlier, and no longer waits for anything.
      'mes_work_order_oldest_state_entry_timestamp_seconds{target="mes",state="ended"}':
        Date.parse('2026-01-01T00:04:00Z') / 1000,
      'mes_work_order_state_limit_seconds{target="mes",state="interrupted"}': 3600,
      'mes_work_order_transitions_total{target="mes",line="L1",from="not_allowed_to_start",to="allowed_to_start"}': 1,
      'mes_work_order_transitions_total{target="mes",line="L2",from="not_allowed_to_start",to="allowed_to_start"}': 2,
      [success('work_orders')]: 1,
    });
  });

  it('reports devices, and leaves out a heartbeat that never came', async () => {
    const found = await scrape();
    expect(
      found.get('mes_device_last_heartbeat_timestamp_seconds{target="mes",line="L1",device="L1-U1-PLC"}'),
    ).toBe(Date.parse('2026-01-01T00:00:30Z') / 1000);
    expect(found.get('mes_device_state{target="mes",line="L1",device="L1-U1-PLC",state="producing"}')).toBe(
      1,
    );
    expect([...found.keys()].filter((series) => series.includes('L1-U2-PLC'))).toEqual([]);
  });

  it('measures connections, deadlocks and open transactions', async () => {
    const found = await scrape();
    expect(found.get('mes_db_connections_max{target="mes-db"}')).toBe(100);
    expect(found.get('mes_db_connections{target="mes-db"}')).toBeGreaterThanOrEqual(4);
    expect(found.get('mes_db_deadlocks_total{target="mes-db"}')).toBe(0);
    expect(found.get('mes_db_oldest_transaction_seconds{target="mes-db",state="idle_in_transaction"}')).toBe(
      0,
    );
  });

  it('says that it is healthy and ready, and shows a person where to look', async () => {
    for (const path of ['/-/healthy', '/-/ready'])
      expect((await fetch(`${lab.exporter.url}${path}`)).status).toBe(200);
    expect(await (await fetch(lab.exporter.url)).text()).toContain('locks of mes-db');
  });
});

describe('with ACCESS EXCLUSIVE held on the work orders', { timeout: 30_000 }, () => {
  const blocked = 'mes_db_blocked_sessions{target="mes-db"}';

  it('the lock collector still answers: who waits, how long and for whom', async () => {
    expect((await scrape()).get(blocked)).toBe(0);
    {
      await using _ = await blockSessions(lab.postgres.url('mes'), 'work_orders', 4);
      const found = await scrape();
      expect(found.get(up)).toBe(1);
      expect(found.get(success('locks'))).toBe(1);
      expect(found.get(blocked)).toBe(4);
      expect(found.get('mes_db_oldest_lock_wait_seconds{target="mes-db"}')).toBeGreaterThan(0);
      const blocker =
        'mes_db_root_blocker_transaction_seconds{target="mes-db",application="forgotten transaction"}';
      expect(found.get(blocker)).toBeGreaterThan(0);
      expect(
        found.get('mes_db_oldest_transaction_seconds{target="mes-db",state="idle_in_transaction"}'),
      ).toBeGreaterThan(0);
    }
    const after = await scrape();
    expect(after.get(blocked)).toBe(0);
    expect([...after.keys()].filter((series) => series.includes('root_blocker'))).toEqual([]);
  });

  it('only the work orders are missing, and that is said', async () => {
    await using _ = await blockSessions(lab.postgres.url('mes'), 'work_orders', 1);
    const found = await scrape();
    expect(found.get(success('work_orders'))).toBe(0);
    expect([...found.keys()].filter((series) => series.startsWith('mes_work_orders{'))).toEqual([]);
    for (const working of [
      success('locks'),
      success('connections'),
      success('devices'),
      success('mes', 'mes'),
    ])
      expect(found.get(working), working).toBe(1);
    expect([...found.keys()].some((series) => series.startsWith('mes_work_order_transitions_total'))).toBe(
      true,
    );
  });

  it('the exporter never counts its own waiting, nor a lock in another database', async () => {
    await using _ = await blockSessions(lab.postgres.url('mes'), 'work_orders', 1);
    const scrapes = await Promise.all(Array.from({ length: 8 }, () => scrape()));
    for (const found of scrapes) {
      expect(found.get(blocked)).toBe(1);
      expect(found.get('mes_db_blocked_sessions{target="erp-db"}')).toBe(0);
    }
  });
});

describe('with the cable to the database pulled', { timeout: 60_000 }, () => {
  it('says so before Prometheus gives up, keeps everything else, and comes back by itself', async () => {
    expect((await scrape()).get(up)).toBe(1);
    lab.link.cut();
    // The connections that were open, and then the attempts to open new ones: both hang.
    for (const _ of ['open ones', 'new ones']) {
      const found = await scrape(2);
      expect(found.get(up)).toBe(0);
      expect(found.get(success('locks'))).toBe(0);
      expect(found.get(success('work_orders'))).toBe(0);
      expect(found.get('mes_up{target="mes"}')).toBe(1);
      expect(found.get('mes_db_up{target="erp-db"}')).toBe(1);
      expect(found.get(success('queues', 'mes-queue'))).toBe(1);
    }
    await waitFor(() => lab.link.connections() === 0, { what: 'no half-open connection', timeoutMs: 10_000 });
    lab.link.heal();
    expect((await scrape()).get(up)).toBe(1);
  });
});

describe('with connections that a firewall has forgotten', { timeout: 30_000 }, () => {
  it('makes new ones within the same scrape', async () => {
    expect((await scrape()).get(up)).toBe(1);
    lab.link.forget();
    const found = await scrape();
    expect(found.get(up)).toBe(1);
    expect(found.get(success('work_orders'))).toBe(1);
  });
});

describe('a database that refuses', { timeout: 60_000 }, () => {
  it('for a wrong password is not up, and says why', async () => {
    const url = lab.postgres.url('mes').replace(':test@', ':wrong@');
    await using exporter = await lab.startExporter({ locked: url });
    const found = await scrapeMetrics(exporter.url);
    expect(found.get('mes_db_up{target="locked"}')).toBe(0);
    expect(found.get(success('locks', 'locked'))).toBe(0);
  });

  it('because the server has crashed is not up, and is up in the first scrape after it is back', async () => {
    expect((await scrape()).get(up)).toBe(1);
    await lab.postgres.crash();
    expect((await scrape()).get(up)).toBe(0);
    await lab.postgres.start();
    expect((await scrape()).get(up)).toBe(1);
  });

  it('because the server was restarted between two scrapes was never down', async () => {
    expect((await scrape()).get(up)).toBe(1);
    await lab.postgres.crash();
    await lab.postgres.start();
    const found = await scrape();
    expect(found.get(up)).toBe(1);
    expect(found.get(success('work_orders'))).toBe(1);
  });
});
