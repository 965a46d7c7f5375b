import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ScrapeRun } from '../collector.ts';
import type { Row } from '../databases/session.ts';
import { rowCollector } from './row-collector.ts';
import { mappingSchema } from './schema.ts';

const run: ScrapeRun = {
  signal: new AbortController().signal,
  remainingMs: () => 1000,
  step: (_, work) => work(),
};
const devices = (count: number): Row[] =>
  Array.from({ length: count }, (_, n) => ({ line: 'L1', name: `M${n}`, n }));

function collectorOf(rows: () => AsyncIterable<Row[]>, seriesLimit = 200_000) {
  const labels = { line: 'line', device: 'name' };
  const metrics = [{ metric: 'mes_device_last_heartbeat_timestamp_seconds', value: 'n', labels }];
  const [query] = mappingSchema.parse({ queries: [{ name: 'devices', sql: 'SELECT 1', metrics }] }).queries;
  const source = { what: 'query devices', name: 'devices', asked: 'mes-db', timeoutMs: 3000, rows };
  return rowCollector({ ...source, metrics: query?.metrics ?? [] }, { name: 'mes', states: {}, seriesLimit });
}

it('A collector of very many rows lets others have their turn, also within one batch.', async () => {
  let turns = 0;
  let isDone = false;
  const others = (async () => {
    for (; !isDone; turns += 1) await setImmediate();
  })();
  using collector = collectorOf(async function* () {
    yield devices(20_000);
  });
  expect((await collector.collect(run)).samples).toHaveLength(20_000);
  isDone = true;
  await others;
  expect(turns).toBeGreaterThan(20);
});

it('A collector reads no further than the limit of its series needs.', async () => {
  let batches = 0;
  using collector = collectorOf(async function* () {
    for (; batches < 1000; batches += 1) yield devices(2000).map((row) => ({ ...row, line: `L${batches}` }));
  }, 5000);
  expect((await collector.collect(run)).samples).toHaveLength(6000);
  expect(batches).toBeLessThan(4);
});

it('A collector whose rows break off says which query it was, and works again afterwards.', async () => {
  let isBroken = true;
  using collector = collectorOf(async function* () {
    yield devices(10);
    if (isBroken) throw new Error('the server has gone');
  });
  await expect(collector.collect(run)).rejects.toThrow('query devices: the server has gone');
  isBroken = false;
  expect(await collector.collect(run)).toMatchObject({ samples: { length: 10 } });
});
