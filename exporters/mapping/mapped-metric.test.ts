import { describe, expect, it } from 'vitest';
import type { Row } from '../databases/session.ts';
import { expositionText } from '../exposition.ts';
import { parseMetrics } from '../testing/metrics-text.ts';
import { mappableMetric } from './mappable.ts';
import { MappedMetric } from './mapped-metric.ts';
import { mappingSchema } from './schema.ts';

const states = {
  created: 'not_allowed_to_start',
  returned: 'not_allowed_to_start',
  closed: 'ended',
} as const;

function mapped(spec: object): MappedMetric {
  const query = { name: 'q', sql: 'SELECT 1', metrics: [spec] };
  const [parsed] = mappingSchema.parse({ queries: [query] }).queries[0]?.metrics ?? [];
  if (parsed === undefined) throw new Error('no metric');
  return new MappedMetric(mappableMetric(parsed.metric), parsed, 'mes', states);
}

async function scrape(metric: MappedMetric, ...rows: Row[]) {
  metric.begin();
  for (const row of rows) metric.add(row);
  const { samples, failure } = metric.end();
  return {
    found: Object.fromEntries(parseMetrics(await expositionText(samples))),
    failure: failure?.message,
  };
}

describe('states of work orders', () => {
  const orders = { metric: 'mes_work_orders', value: 'n', labels: { state: 's' } };
  const state = (name: string) => `mes_work_orders{target="mes",state="${name}"}`;

  it('are summed by their ISA-95 state, and a state without any counts 0', async () => {
    const { found, failure } = await scrape(
      mapped(orders),
      { s: 'created', n: '2' },
      { s: 'returned', n: 3 },
      { s: 'running', n: 1 },
    );
    expect(failure).toBeUndefined();
    expect(found).toEqual({
      [state('not_allowed_to_start')]: 5,
      [state('running')]: 1,
      [state('allowed_to_start')]: 0,
      [state('interrupted')]: 0,
      [state('ended')]: 0,
      [state('aborted')]: 0,
    });
  });

  it('that are fixed stand for themselves, and no other state is claimed to be empty', async () => {
    const fixed = mapped({ metric: 'mes_work_orders', value: 'n', fixed: { state: 'closed' } });
    expect((await scrape(fixed, { n: 4 })).found).toEqual({ [state('ended')]: 4 });
  });

  it('take the oldest of their entries', async () => {
    const oldest = 'mes_work_order_oldest_state_entry_timestamp_seconds';
    const metric = mapped({ metric: oldest, value: 'at', labels: { state: 's' } });
    const { found } = await scrape(
      metric,
      { s: 'created', at: new Date(50_000) },
      { s: 'returned', at: new Date(20_000) },
      { s: 'closed', at: null },
    );
    expect(found).toEqual({ [`${oldest}{target="mes",state="not_allowed_to_start"}`]: 20 });
  });

  it('that nobody mapped are refused, and nothing of the metric is left', async () => {
    const result = await scrape(mapped(orders), { s: 'created', n: 1 }, { s: 'scrapped', n: 1 });
    expect(result).toEqual({
      found: {},
      failure:
        'column "s" says "scrapped": no job-order state of ISA-95, and states: does not name one for it',
    });
  });

  it('that come twice in the same word are refused: one row a state was meant', async () => {
    const { failure } = await scrape(mapped(orders), { s: 'created', n: 1 }, { s: 'created', n: 1 });
    expect(failure).toBe('two rows are the same series {target="mes",state="not_allowed_to_start"}');
  });

  it('are known in the next scrape as in the first, and what failed once works again', async () => {
    const metric = mapped(orders);
    await scrape(metric, { s: 'created', n: 1 });
    expect((await scrape(metric, { s: 'nobody', n: 1 })).failure).toBeDefined();
    expect((await scrape(metric, { s: 'created', n: 7 })).found).toMatchObject({
      [state('not_allowed_to_start')]: 7,
    });
  });
});

describe('rows', () => {
  const gaps = { metric: 'mes_device_sequence_gaps_total', value: 'n', labels: { line: 'l', device: 'd' } };

  it('of different labels are different series, and of the same ones twice are refused', async () => {
    const { found, failure } = await scrape(
      mapped(gaps),
      { l: 'a', d: '1:b', n: 1 },
      { l: 'a1:', d: 'b', n: 2 },
    );
    expect(failure).toBeUndefined();
    expect(Object.values(found)).toEqual([1, 2]);
    const same = await scrape(mapped(gaps), { l: 'a', d: 'x', n: 1 }, { l: 'a', d: 'x', n: 1 });
    expect(same).toEqual({
      found: {},
      failure: 'two rows are the same series {target="mes",line="a",device="x"}',
    });
  });

  it('of a scrape that broke off are not held against the next one', async () => {
    const metric = mapped(gaps);
    metric.begin();
    metric.add({ l: 'a', d: 'x', n: 1 });
    const { found, failure } = await scrape(metric, { l: 'a', d: 'x', n: 2 });
    expect(failure).toBeUndefined();
    expect(Object.values(found)).toEqual([2]);
  });

  it('without a value leave their series out; a counter below 0 is refused', async () => {
    expect(await scrape(mapped(gaps), { l: 'a', d: 'x', n: null })).toEqual({
      found: {},
      failure: undefined,
    });
    expect((await scrape(mapped(gaps), { l: 'a', d: 'x', n: -1 })).failure).toBe(
      'column "n" is negative, which a counter never is: -1',
    );
  });

  it('all get the number that the mapping gives instead of a column', async () => {
    const interval = mapped({
      metric: 'mes_sync_interval_seconds',
      value: 900,
      labels: { entity: 'e' },
      fixed: { source: 'erp', destination: 'mes' },
    });
    expect((await scrape(interval, { e: 'orders' }, { e: 'stock' })).found).toEqual({
      'mes_sync_interval_seconds{target="mes",source="erp",destination="mes",entity="orders"}': 900,
      'mes_sync_interval_seconds{target="mes",source="erp",destination="mes",entity="stock"}': 900,
    });
  });
});

describe('a histogram', () => {
  const wait = { metric: 'mes_operation_wait_seconds', sum: 's', count: 'n', labels: { operation: 'o' } };
  const ofList = mapped({ ...wait, buckets: 'b' });
  const ofColumns = mapped({ ...wait, buckets: { '1': 'b1', '0.1': 'b01' } });
  const row = { o: 'start', s: '4.5', n: '3' };
  const expected = {
    'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="0.1"}': 1,
    'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="1"}': 2,
    'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="+Inf"}': 3,
    'mes_operation_wait_seconds_sum{target="mes",operation="start"}': 4.5,
    'mes_operation_wait_seconds_count{target="mes",operation="start"}': 3,
  };
  const list = [
    { le: '1', count: 2 },
    { le: 0.1, count: '1' },
    { le: null, count: 3 },
  ];

  it('is the same from a list, from a list as text and from columns', async () => {
    expect((await scrape(ofList, { ...row, b: list })).found).toEqual(expected);
    expect((await scrape(ofList, { ...row, b: JSON.stringify(list) })).found).toEqual(expected);
    expect((await scrape(ofColumns, { ...row, b1: '2', b01: 1 })).found).toEqual(expected);
  });

  it('is left out where nothing was counted yet', async () => {
    expect(await scrape(ofList, { ...row, b: null })).toEqual({ found: {}, failure: undefined });
    expect(await scrape(ofColumns, { ...row, b1: null, b01: null })).toEqual({
      found: {},
      failure: undefined,
    });
  });

  it('that cannot be one is refused', async () => {
    const reasons: [object, string][] = [
      [{ ...row, b: 'soon' }, 'column "b" is not a list of buckets {le, count}: "soon"'],
      [{ ...row, b: [{ le: 1 }] }, 'column "b" is not a list of buckets {le, count}: a list'],
      [
        { ...row, b: [{ le: 1, count: 4 }] },
        'the bucket up to Infinity counts 3 after 4: counts must be cumulative',
      ],
      [
        { ...row, b: [{ le: 1, count: -1 }] },
        'the bucket up to 1 counts -1 after 0: counts must be cumulative',
      ],
      [
        {
          ...row,
          b: [
            { le: 1, count: 1 },
            { le: '1', count: 1 },
          ],
        },
        'two buckets have the upper bound 1',
      ],
      [{ ...row, s: 'x', b: list }, 'column "s" is not a number: "x"'],
    ];
    for (const [cells, reason] of reasons) expect((await scrape(ofList, cells as Row)).failure).toBe(reason);
  });
});
