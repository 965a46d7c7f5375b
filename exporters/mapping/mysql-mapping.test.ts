import { expect, it } from 'vitest';
import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { mes } from '../collectors/mes.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';

// MySQL and MariaDB hand over decimals and JSON as text, moments as dates and flags as numbers.
const sql = `SELECT 'start' AS operation, CAST(3 AS UNSIGNED) AS total, CAST('2.50' AS DECIMAL(10, 2)) AS wait,
  TIMESTAMP('2026-01-01 00:00:30') AS at, TRUE AS busy, 'L1' AS line,
  JSON_ARRAY(JSON_OBJECT('le', 0.5, 'count', 1), JSON_OBJECT('le', 5, 'count', 3)) AS buckets`;
const metrics = [
  { metric: 'mes_operations_total', value: 'total', labels: { operation: 'operation' } },
  {
    metric: 'mes_operation_wait_seconds',
    buckets: 'buckets',
    sum: 'wait',
    count: 'total',
    labels: { operation: 'operation' },
  },
  { metric: 'mes_line_planned_busy', value: 'busy', labels: { line: 'line' } },
  {
    metric: 'mes_sync_last_success_timestamp_seconds',
    value: 'at',
    fixed: { source: 'erp', destination: 'mes', entity: 'orders' },
  },
];

it('A mapping asks MariaDB as it asks PostgreSQL, and one query that fails leaves the others.', async () => {
  await using server = await startTestMariadb();
  const url = await server.database('mes');
  const queries = [
    { name: 'everything', sql, metrics },
    { name: 'two', sql: 'SELECT 1; SELECT 2', metrics: metrics.slice(0, 1) },
    { name: 'writing', sql: 'CREATE TABLE t (a int)', metrics: metrics.slice(0, 1) },
  ];
  using collectors = new TestCollectors(mes, {
    targets: {
      mes: { kind: 'mes', url: 'http://127.0.0.1:9', database: 'mes-db' },
      'mes-db': { kind: 'mysql', url },
    },
    exporter: { mappings: { mes: { queries } } },
  });
  for (const name of ['two', 'writing']) {
    const { failure, found } = await collectOnce(collectors.get(name));
    expect(failure).toMatch(new RegExp(`^query ${name}: `));
    expect([...found]).toEqual([]);
  }
  const { found, failure } = await collectOnce(collectors.get('everything'));
  expect(failure).toBeUndefined();
  expect(Object.fromEntries(found)).toEqual({
    'mes_operations_total{target="mes",operation="start"}': 3,
    'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="0.5"}': 1,
    'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="5"}': 3,
    'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="+Inf"}': 3,
    'mes_operation_wait_seconds_sum{target="mes",operation="start"}': 2.5,
    'mes_operation_wait_seconds_count{target="mes",operation="start"}': 3,
    'mes_line_planned_busy{target="mes",line="L1"}': 1,
    'mes_sync_last_success_timestamp_seconds{target="mes",source="erp",destination="mes",entity="orders"}':
      Date.UTC(2026, 0, 1, 0, 0, 30) / 1000,
  });
});
