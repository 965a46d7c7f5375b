import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { startHalfOpenLink } from '../testing/half-open-link.ts';
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
let mariadb: TestMariadb;
let postgresPort = 0;
let admin: pg.Client;
const same: StockLine[] = [
  ['M-1', 'B-1', '10'],
  ['M-2', 'B-1', '20'],
];
beforeAll(async () => {
  const [postgres, maria] = await Promise.all([startTestPostgres(), startTestMariadb()]);
  servers.use(postgres);
  mariadb = servers.use(maria);
  postgresPort = postgres.port;
  urls = {
    erp: await postgres.database('erp'),
    mes: await postgres.database('mes'),
    wms: await maria.database('wms'),
  };
  admin = await postgres.session('test');
  await Promise.all([fillPostgres(urls.erp, same), fillPostgres(urls.mes, same), fillMysql(urls.wms, same)]);
});
afterAll(() => servers.disposeAsync());

const erp = { system: 'erp', target: 'erp', sql: stockSql.postgres };
const mes = { system: 'mes', target: 'mes', sql: stockSql.postgres };
const wms = { system: 'wms', target: 'wms', sql: stockSql.mysql };
/** Some thousand rows, and then nothing for a long time. */
const endless = {
  postgres: `SELECT 'A' AS material, 'B-' || lpad(n::text, 6, '0') AS batch,
    CASE WHEN n = 9000 THEN length(pg_sleep(60)::text) ELSE 0 END AS quantity FROM generate_series(1, 10000) AS n ORDER BY n`,
  mysql: `SELECT 'A' AS material, CONCAT('B-', LPAD(seq, 6, '0')) AS batch, IF(seq = 9000, SLEEP(60), 0) AS quantity
    FROM seq_1_to_10000 ORDER BY seq`,
};

/** The processes of the comparison on both servers. */
async function ours(): Promise<{ postgres: number[]; mariadb: number[] }> {
  const { rows } = await admin.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'andon consistency'`,
  );
  const session = await mariadb.session('test');
  const [list] = await session.query(
    `SELECT id FROM information_schema.processlist WHERE info LIKE '%SLEEP(60)%' AND id <> CONNECTION_ID()`,
  );
  await session.end();
  return { postgres: rows.map(({ pid }) => pid), mariadb: (list as { id: number }[]).map(({ id }) => id) };
}

const asleep = async (): Promise<number | false> => {
  const { rows } = await admin.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'andon consistency' AND wait_event = 'PgSleep'`,
  );
  return rows[0]?.pid ?? false;
};

const untilNothingIsLeft = (): Promise<true> =>
  waitFor(async () => Object.values(await ours()).flat().length === 0 && true, {
    what: 'the end of every session of the comparison',
    timeoutMs: 30_000,
  });

it('A locked table, on either engine, fails that system soon and no other, and nobody stays on a server.', async () => {
  const holder = await mariadb.session('holder', 'wms');
  await holder.query('LOCK TABLES stock WRITE');
  const maria = await compareUrls(urls, comparisonOf({ source: erp, destinations: [wms, mes] }));
  await holder.query('UNLOCK TABLES');
  expect(inShort(maria, 'wms').failure).toMatch(/^wms \(target wms\): .*Lock wait timeout/);
  expect(inShort(maria, 'mes')).toMatchObject({ failure: undefined, differing: [] });

  await using locker = await startLock(urls.mes);
  const postgres = await compareUrls(urls, comparisonOf({ source: erp, destinations: [mes, wms] }));
  await locker.release();
  expect(inShort(postgres, 'mes').failure).toMatch(/^mes \(target mes\): .*lock timeout/);
  expect(inShort(postgres, 'wms')).toMatchObject({ failure: undefined, differing: [] });
  const free = await compareUrls(urls, comparisonOf({ source: erp, destinations: [mes, wms] }));
  expect(free.map(({ failure }) => failure)).toEqual([undefined, undefined]);
  await untilNothingIsLeft();
});

it('A connection that is lost in the middle is a failure, and never taken for the end of the rows.', async () => {
  const sleepy = { ...mes, sql: endless.postgres };
  const lost = compareUrls(urls, comparisonOf({ source: erp, destinations: [sleepy, wms], timeout: '60s' }));
  const pid = await waitFor(asleep, { what: 'the middle of the rows', timeoutMs: 30_000 });
  await admin.query('SELECT pg_terminate_backend($1)', [pid]);
  expect(inShort(await lost, 'mes').failure).toMatch(/^mes \(target mes\): .*terminat/);
  expect(inShort(await lost, 'wms')).toMatchObject({ failure: undefined, differing: [] });

  const drowsy = { ...wms, sql: endless.mysql };
  const killed = compareUrls(
    urls,
    comparisonOf({ source: erp, destinations: [drowsy, mes], timeout: '60s' }),
  );
  const [id = 0] = await waitFor(async () => (await ours()).mariadb.length > 0 && (await ours()).mariadb, {
    what: 'the middle of the rows',
    timeoutMs: 30_000,
  });
  await (await mariadb.session('killer')).query(`KILL ${id}`);
  expect(inShort(await killed, 'wms').failure).toMatch(
    /^wms \(target wms\): .*(lost|closed|killed|interrupted|reset)/i,
  );
  expect(inShort(await killed, 'mes')).toMatchObject({ failure: undefined, differing: [] });
});

it('A link that is cut and answers nothing uses up half of the time, and the others are compared in the other half.', async () => {
  await using link = await startHalfOpenLink(postgresPort);
  const through = { ...urls, mes: urls.mes.replace(`:${postgresPort}/`, `:${link.port}/`) };
  const sleepy = { ...mes, sql: endless.postgres };
  const asked = compareUrls(
    through,
    comparisonOf({ source: erp, destinations: [sleepy, wms], timeout: '8s' }),
  );
  await waitFor(asleep, { what: 'the middle of the rows', timeoutMs: 30_000 });
  link.cut();
  expect(inShort(await asked, 'mes').failure).toBe('mes (target mes): gave no answer within 4 s');
  expect(inShort(await asked, 'wms')).toMatchObject({ failure: undefined, differing: [] });
  link.heal(); // As long as it is cut, the server cannot know that we have gone.
  await untilNothingIsLeft();
});

it('A server that is not there, and a source that fails, are told with the system’s name.', async () => {
  const nowhere = { ...urls, mes: 'postgres://nobody:secret@127.0.0.1:9/mes' };
  const reports = await compareUrls(nowhere, comparisonOf({ source: erp, destinations: [mes, wms] }));
  expect(inShort(reports, 'mes').failure).toMatch(/^mes \(target mes\): .*ECONNREFUSED/);
  expect(inShort(reports, 'wms').failure).toBeUndefined();
  const turned = await compareUrls(nowhere, comparisonOf({ source: mes, destinations: [erp, wms] }));
  for (const { failure } of turned) expect(failure).toMatch(/^mes \(target mes\): .*ECONNREFUSED/);
  expect(JSON.stringify([reports, turned])).not.toContain('secret');
});

it('Its caller can end it at any time, and nothing stays on a server.', async () => {
  const end = new AbortController();
  const asked = compareUrls(
    urls,
    comparisonOf({ source: erp, destinations: [{ ...mes, sql: endless.postgres }] }),
    {
      signal: end.signal,
    },
  );
  await waitFor(asleep, { what: 'the middle of the rows', timeoutMs: 30_000 });
  end.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
  await untilNothingIsLeft();
});

/** A transaction that holds the table `stock` for itself. */
async function startLock(url: string): Promise<AsyncDisposable & { release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE stock IN ACCESS EXCLUSIVE MODE');
  const release = async () => {
    await client.query('ROLLBACK');
  };
  return { release, [Symbol.asyncDispose]: () => client.end() };
}
