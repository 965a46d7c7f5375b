import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCli } from '../../cli/testing/run-cli.ts';
import { runChecker } from '../../kit/checker.ts';
import { systemClock } from '../../kit/clock.ts';
import { listen } from '../../kit/http-server.ts';
import { silentLog } from '../../kit/log.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import type { Collector } from '../collector.ts';
import { exporterSection } from '../config.ts';
import type { ComparisonJson } from '../consistency/comparison-json.ts';
import { fillPostgres, type StockLine, stockSql } from '../consistency/testing/stock.ts';
import { DatabaseSessions } from '../databases/sessions.ts';
import { collectOnce } from '../testing/collect.ts';
import { consistency } from './consistency.ts';

const servers = new AsyncDisposableStack();
let postgres: TestPostgres;
let urls = { erp: '', mes: '', wms: '' };
const same: StockLine[] = [1, 2, 3, 4, 5].map((number): StockLine => [`M-${number}`, 'B-1', '10']);
const lacking = same.slice(1);
beforeAll(async () => {
  postgres = servers.use(await startTestPostgres());
  urls = {
    erp: await postgres.database('erp'),
    mes: await postgres.database('mes'),
    wms: await postgres.database('wms'),
  };
  await Promise.all([
    fillPostgres(urls.erp, same),
    fillPostgres(urls.mes, same),
    fillPostgres(urls.wms, [...lacking.slice(1), ['M-2', 'B,"1"', '10'], ['M-9', 'B-1', '1']]),
  ]);
});
afterAll(() => servers.disposeAsync());

const targets = () =>
  Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, { kind: 'postgres', url }]));
const system = (name: string) => ({ system: name, target: name, sql: stockSql.postgres });
const section = (part: object = {}) => ({
  consistency: [
    {
      name: 'stock',
      recheck_after: '0s',
      source: system('erp'),
      destinations: [system('mes'), system('wms')],
      ...part,
    },
  ],
});

interface Running extends Disposable {
  collector: Collector;
  /** Begins the next comparison, as the interval would. */
  next(): void;
  /** Lets time pass for what the collector publishes. */
  pass(ms: number): void;
}

function start(part?: object): Running {
  const config = exporterSection.parse(section(part));
  let passed = 0;
  let gate = Promise.withResolvers<void>();
  const sleep = async (_ms: number, signal?: AbortSignal) => {
    signal?.addEventListener('abort', () => gate.reject(signal.reason));
    await gate.promise;
    gate = Promise.withResolvers();
  };
  const sessions = new DatabaseSessions();
  const clock = { now: () => systemClock.now() + passed, sleep };
  const setup = { config, targets: targetsSchema.parse(targets()), sessions, fetch, clock, log: silentLog };
  const [collector] = consistency(setup);
  if (!collector) throw new Error('no collector was made');
  return {
    collector,
    next: () => gate.resolve(),
    pass: (ms) => {
      passed += ms;
    },
    [Symbol.dispose]: () => collector[Symbol.dispose](),
  };
}

type Found = Awaited<ReturnType<typeof collectOnce>>;
const until = (collector: Collector, what: string, holds: (found: Found) => boolean): Promise<Found> =>
  waitFor(
    async () => {
      const found = await collectOnce(collector);
      return holds(found) && found;
    },
    { what, timeoutMs: 40_000 },
  );
const mismatched = (destination: string, dimension: string): string =>
  `mes_consistency_mismatched_records{target="stock",source="erp",destination="${destination}",dimension="${dimension}"}`;
const lastCheck =
  'mes_consistency_last_check_timestamp_seconds{target="stock",source="erp",destination="wms"}';
const isCompared = ({ found }: Found) => found.has(lastCheck);
const connected = async (): Promise<number> => {
  const { rows } = await (await postgres.session('test')).query(
    `SELECT FROM pg_stat_activity WHERE application_name = 'andon consistency'`,
  );
  return rows.length;
};

describe('The collector', () => {
  it('compares from the first scrape on, in the background, and publishes what promtool accepts.', async () => {
    using running = start();
    expect(await connected()).toBe(0);
    const first = await collectOnce(running.collector);
    expect([first.failure, [...first.found.keys()]]).toEqual([
      undefined,
      ['mes', 'wms'].map(
        (name) => `mes_consistency_check_interval_seconds{target="stock",source="erp",destination="${name}"}`,
      ),
    ]);
    const { found, text } = await until(running.collector, 'the first comparison', isCompared);
    expect(
      ['mes', 'wms'].map((to) =>
        ['material', 'batch', 'quantity'].map((what) => found.get(mismatched(to, what))),
      ),
    ).toEqual([
      [0, 0, 0],
      [2, 2, 0],
    ]);
    expect(found.get(mismatched('wms', 'material').replace('mismatched', 'compared'))).toBe(7);
    expect(found.get(mismatched('wms', 'quantity').replace('mismatched', 'compared'))).toBe(3);
    expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
    expect(await connected()).toBe(0);
  });

  it('keeps the last counts while comparisons fail, says why, and leaves the counts out when they are old.', async () => {
    using running = start();
    await until(running.collector, 'the first comparison', isCompared);
    await (await postgres.session('test')).query('ALTER DATABASE wms RENAME TO gone');
    running.next();
    const failed = await until(
      running.collector,
      'a comparison that fails',
      ({ failure }) => failure !== undefined,
    );
    expect(failed.failure).toMatch(/^wms \(target wms\): .*"wms" does not exist/);
    expect(failed.found.get(mismatched('wms', 'batch'))).toBe(2);
    running.pass(11 * 60_000);
    const old = await collectOnce(running.collector);
    expect([old.found.has(mismatched('wms', 'batch')), old.found.has(lastCheck)]).toEqual([false, true]);
    await (await postgres.session('test')).query('ALTER DATABASE gone RENAME TO wms');
    running.next();
    await until(running.collector, 'a comparison that succeeds', ({ failure }) => failure === undefined);
  });

  it('serves the differing records in pages, and all of them as CSV.', async () => {
    using running = start();
    const app = express();
    running.collector.routes?.(app);
    await using server = await listen(app, { host: '127.0.0.1', port: 0 });
    const get = (query = '') => fetch(`${server.url}/consistency/stock${query}`);
    expect((await get()).status).toBe(503);
    await until(running.collector, 'the first comparison', isCompared);
    const pages: ComparisonJson[] = [];
    for (let after: string | null = ''; after !== null; after = pages.at(-1)?.next ?? null) {
      const cursor = after === '' ? '' : `&after=${encodeURIComponent(after)}`;
      pages.push((await (await get(`?limit=3${cursor}`)).json()) as ComparisonJson);
    }
    expect(pages.map(({ records }) => records.length)).toEqual([3, 1]);
    expect(pages[0]?.destinations[1]).toMatchObject({
      destination: 'wms',
      cut: false,
      failure: null,
      unsettled: 0,
    });
    expect(pages.flatMap(({ records }) => records)[1]).toEqual({
      destination: 'wms',
      dimension: 'batch',
      keys: { material: 'M-2', batch: 'B,"1"' },
      held: { erp: null, wms: '10' },
    });
    expect(await (await get('?format=csv')).text()).toBe(csv);
    for (const query of ['?limit=0', '?limit=x', '?after=nonsense', '?format=xml'])
      expect((await get(query)).status).toBe(400);
  });
});

const csv = [
  'material,batch,dimension,source,source_quantity,destination,destination_quantity',
  'M-1,B-1,material,erp,10,wms,',
  'M-2,"B,""1""",batch,erp,,wms,10',
  'M-2,B-1,batch,erp,10,wms,',
  'M-9,B-1,material,erp,,wms,1',
  '',
].join('\r\n');

describe('andon consistency', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-consistency-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (part: object, ...args: string[]) => {
    writeFileSync(
      path.join(folder, 'andon.yaml'),
      stringify({ targets: targets(), exporter: section(part) }),
    );
    return runCli(folder, ...args);
  };

  it('ends with 0 where all hold the same, with 1 where they differ, and with 3 where it could not compare.', async () => {
    const equal = await run({ destinations: [system('mes')] }, 'consistency', 'stock');
    expect(equal).toMatchObject({ code: 0, stdout: expect.stringContaining('5 records, none differs') });
    const differing = await run({ recheck_after: '1s' }, 'consistency', 'stock', '--limit', '1');
    expect(differing).toMatchObject({ code: 1, stderr: '4 records differ; they are compared again in 1s\n' });
    expect(differing.stdout).toMatch(
      /erp and wms at .*: 7 records, 4 differ \(material 2, batch 2, quantity 0\)/,
    );
    expect(differing.stdout).toMatch(/material {2}M-1 {2}B-1: erp 10, wms none\nand 3 more\n$/);
    const broken = await run({ destinations: [{ ...system('mes'), sql: 'SELECT' }] }, 'consistency', 'stock');
    expect(broken).toMatchObject({ code: 3, stderr: expect.stringContaining('no column "material"') });
  });

  it('prints JSON and CSV, and knows what it compares.', async () => {
    expect((await run({}, 'consistency', 'stock', '--csv')).stdout).toBe(csv);
    const { stdout } = await run({}, '--json', 'consistency', 'stock');
    expect(JSON.parse(stdout)).toMatchObject({ comparison: 'stock', records: { length: 4 }, next: null });
    expect(await run({}, 'consistency', 'stok')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "stock"?'),
    });
  });
});
