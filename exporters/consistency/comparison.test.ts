import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import {
  compareUrls,
  comparisonOf,
  fillMysql,
  fillPostgres,
  inShort,
  type StockLine,
  stockSql,
} from './testing/stock.ts';

const servers = new AsyncDisposableStack();
let urls = { erp: '', mes: '', wms: '' };
beforeAll(async () => {
  const [postgres, maria] = await Promise.all([startTestPostgres(), startTestMariadb()]);
  servers.use(postgres);
  servers.use(maria);
  const [erp, mes, wms] = [
    await postgres.database('erp'),
    await postgres.database('mes'),
    await maria.database('wms'),
  ];
  urls = { erp, mes, wms };
});
afterAll(() => servers.disposeAsync());

const erp = { system: 'erp', target: 'erp', sql: stockSql.postgres };
const mes = { system: 'mes', target: 'mes', sql: stockSql.postgres };
const wms = { system: 'wms', target: 'wms', sql: stockSql.mysql };
const all = { source: erp, destinations: [mes, wms] };

async function fill(held: { erp?: StockLine[]; mes?: StockLine[]; wms?: StockLine[] }): Promise<void> {
  await fillPostgres(urls.erp, held.erp ?? []);
  await fillPostgres(urls.mes, held.mes ?? []);
  await fillMysql(urls.wms, held.wms ?? []);
}

const same: StockLine[] = [
  ['M-1', 'B-1', '10.00'],
  ['M-1', 'b-1', '0.1'],
  ['M-10', 'B-1', '9007199254740993'],
  ['m-1', 'B-1', '1'],
  ['钢板', '批次 7', '2.5'],
  ['\u{ff21}', 'B-1', '3'],
  ['😀', 'B-1', '4'],
];

describe('A comparison across PostgreSQL and MariaDB', () => {
  it('finds nothing where all hold the same, each in its own notation and its own idea of an order.', async () => {
    await fill({ erp: same, mes: same, wms: same.toReversed() });
    const reports = await compareUrls(urls, comparisonOf(all));
    const nothing = { failure: undefined, material: 0, batch: 0, quantity: 0, unsettled: 0, differing: [] };
    expect([inShort(reports, 'mes'), inShort(reports, 'wms')]).toEqual([nothing, nothing]);
    expect(reports[1]?.outcome?.compared).toEqual({ material: 7, batch: 7, quantity: 7 });
  });

  it('finds what is missing on either side, and the smallest of differences.', async () => {
    const other = same
      .filter(([material]) => material !== '钢板' && material !== '😀')
      .map(([material, batch, quantity]): StockLine => [material, batch, quantity.replace('0993', '0992')]);
    await fill({
      erp: same,
      mes: same.filter(([, batch]) => batch !== 'b-1'),
      wms: [...other, ['M-2', '', '1']],
    });
    const reports = await compareUrls(urls, comparisonOf(all));
    expect(inShort(reports, 'mes').differing).toEqual(['batch M-1 b-1 0.1 -']);
    expect(inShort(reports, 'wms').differing).toEqual([
      'quantity M-10 B-1 9007199254740993 9007199254740992.000000',
      'material M-2  - 1.000000',
      'material 钢板 批次 7 2.5 -',
      'material 😀 B-1 4 -',
    ]);
    const tolerant = await compareUrls(urls, comparisonOf({ ...all, tolerance: 1 }));
    expect(inShort(tolerant, 'wms')).toMatchObject({ material: 3, quantity: 0 });
  });

  it('counts all differences and keeps the first ones.', async () => {
    await fill({ erp: same });
    const reports = await compareUrls(
      urls,
      comparisonOf({ ...all, keep: 2, recheck_after: '1h', timeout: '2h', interval: '2h' }),
    );
    expect(inShort(reports, 'wms')).toMatchObject({
      material: 7,
      differing: [{}, {}].map(() => expect.any(String)),
    });
  });

  it('refuses the order of a language, and says what to write; the others are compared all the same.', async () => {
    await fill({ erp: same, mes: same, wms: same });
    const sql = stockSql.mysql.replace('ORDER BY 1, 2', 'ORDER BY stock.material, stock.batch');
    const reports = await compareUrls(urls, comparisonOf({ ...all, destinations: [{ ...wms, sql }, mes] }));
    expect(inShort(reports, 'wms').failure).toMatch(/^wms: .* bytewise order .*CAST\(… AS BINARY\) in MySQL/);
    expect(inShort(reports, 'mes')).toMatchObject({ material: 0, batch: 0, quantity: 0 });
  });

  it('names system, target and column of what a query returns wrongly.', async () => {
    await fill({});
    const asked = async (sql: string) => {
      const reports = await compareUrls(
        urls,
        comparisonOf({
          source: erp,
          destinations: [
            { ...wms, sql },
            { ...mes, sql },
          ],
        }),
      );
      return reports.map(({ failure }) => failure);
    };
    const lot = `SELECT 'M' AS material, 'B' AS lot, 1 AS quantity`;
    expect(await asked(lot)).toEqual([
      'wms (target wms): the query returns no column "batch", but material, lot, quantity',
      'mes (target mes): the query returns no column "batch", but material, lot, quantity',
    ]);
    for (const failure of await asked(`SELECT 'M' AS material, NULL AS batch, 1 AS quantity`))
      expect(failure).toMatch(/^(wms|mes) \(target (wms|mes)\): batch is NULL in some row/);
    expect((await asked('SELECT 1 FROM nowhere')).join()).toMatch(
      /wms.*nowhere.*doesn't exist.*mes.*"nowhere" does not exist/,
    );
    expect((await asked('DELETE FROM stock')).join()).toMatch(/wms.*READ ONLY.*mes.*read-only/);
  });
});

describe('The watermark', () => {
  it('leaves out what may still be under way, on either engine, by the common clock or by the database’s own.', async () => {
    const young: StockLine = ['M-1', 'B-2', '7', new Date(Date.now() - 30_000).toISOString()];
    await fill({ erp: [...same, young], mes: [...same, young], wms: same });
    const settled = await compareUrls(urls, comparisonOf({ ...all, settle: '30m' }));
    expect([inShort(settled, 'mes'), inShort(settled, 'wms')]).toMatchObject([
      { differing: [] },
      { differing: [] },
    ]);
    const unsettled = await compareUrls(urls, comparisonOf({ ...all, settle: '1s' }));
    expect([inShort(unsettled, 'mes').differing, inShort(unsettled, 'wms').differing]).toEqual([
      [],
      ['batch M-1 B-2 7 -'],
    ]);
    // A clock of ours that is an hour behind puts the common time point an hour back, and none of the databases' own.
    const behind = { ...systemClock, now: () => Date.now() - 3_600_000 };
    const local = (system: typeof erp) => ({
      ...system,
      sql: system.sql.replace('$watermark', '$local_watermark'),
    });
    const byOwnClock = comparisonOf({
      source: local(erp),
      destinations: [local(mes), local(wms)],
      settle: '1s',
    });
    expect(inShort(await compareUrls(urls, byOwnClock, { clock: behind }), 'wms').differing).toHaveLength(1);
    const byOurs = comparisonOf({ ...all, settle: '1s' });
    expect(inShort(await compareUrls(urls, byOurs, { clock: behind }), 'wms').differing).toEqual([]);
  });

  it('does not count what arrives before the second look, nor what only then differs, and counts what stays away.', async () => {
    const late: StockLine = ['M-1', 'B-2', '7'];
    const lost: StockLine = ['M-1', 'B-3', '8'];
    const all3 = [...same, late, lost];
    await fill({ erp: all3, mes: all3, wms: same });
    const told: number[] = [];
    const sleep = async () => {
      await fillMysql(urls.wms, [...same.slice(1), late]);
    };
    const config = comparisonOf({ ...all, recheck_after: '10s' });
    const options = { clock: { ...systemClock, sleep }, onRecheck: (records: number) => told.push(records) };
    const reports = await compareUrls(urls, config, options);
    expect(inShort(reports, 'wms')).toMatchObject({ batch: 1, differing: ['batch M-1 B-3 8 -'] });
    expect(reports.map(({ outcome }) => outcome?.rechecked)).toEqual([false, true]);
    expect(told).toEqual([2]);
  });

  it('does not count what a system itself calls unsettled.', async () => {
    await fill({ erp: same, mes: [], wms: same.slice(1) });
    const moving = stockSql.mysql.replace(
      'AS quantity',
      `AS quantity, max(booked_at) > $watermark AS unsettled`,
    );
    const marked = stockSql.postgres.replace('AS quantity', `AS quantity, material = 'M-1' AS unsettled`);
    const config = comparisonOf({
      source: { ...erp, sql: marked },
      destinations: [{ ...wms, sql: moving }],
    });
    expect(inShort(await compareUrls(urls, config), 'wms')).toMatchObject({ unsettled: 1, differing: [] });
    expect(inShort(await compareUrls(urls, comparisonOf(all)), 'wms').differing).toHaveLength(1);
  });
});
