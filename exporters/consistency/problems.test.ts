import { expect, it } from 'vitest';
import { targetsSchema } from '../../kit/targets.ts';
import { exporterSection } from '../config.ts';
import { exporterProblems } from '../config-problems.ts';
import { consistencySection } from './config.ts';

const targets = targetsSchema.parse({
  'erp-db': { kind: 'postgres', url: 'postgres://127.0.0.1/erp' },
  'wms-db': { kind: 'mysql', url: 'mysql://127.0.0.1/wms' },
  queue: { kind: 'rabbitmq', url: 'amqp://127.0.0.1', management: 'http://127.0.0.1' },
});
const erp = { system: 'erp', target: 'erp-db', sql: 'SELECT' };
const wms = { system: 'wms', target: 'wms-db', sql: 'SELECT' };
const right = { name: 'stock', source: erp, destinations: [wms] };

const problemsOf = (...consistency: object[]) =>
  exporterProblems(exporterSection.parse({ consistency }), targets).map(
    ({ path, message }) => `${path.slice(2).join('.')}: ${message}`,
  );

it('A comparison that can be made is refused nothing, and has the defaults of the document.', () => {
  expect(problemsOf(right)).toEqual([]);
  expect(consistencySection.parse([right])[0]).toMatchObject({
    interval: 300_000,
    settle: 60_000,
    recheck_after: 30_000,
    keys: ['material', 'batch'],
    value: 'quantity',
    tolerance: { digits: 0n },
    keep: 10_000,
  });
});

it('Every mistake between comparisons, and between them and targets, is named where it stands.', () => {
  const wrong = {
    name: 'stock',
    interval: '1m',
    timeout: '2m',
    keys: ['material', 'quantity'],
    source: { ...erp, target: 'nowhere' },
    destinations: [
      { ...wms, target: 'queue' },
      { ...wms, system: 'erp' },
    ],
  };
  expect(problemsOf(right, wrong, { ...right, name: 'wms-db', recheck_after: '5m' })).toEqual([
    '1.name: another comparison is called "stock"',
    '1.timeout: must be longer than nothing and no longer than interval',
    '1.keys: the column "quantity" is named twice (keys, value, unsettled)',
    '1.source.target: no target is called "nowhere"',
    '1.destinations.0.target: "queue" is of kind rabbitmq, not postgres or mysql',
    '1.destinations.1.system: another system is called "erp"',
    '2.name: "wms-db" is the name of a target; call the comparison otherwise',
    '2.recheck_after: must be shorter than timeout (interval when that is left out)',
  ]);
});

it('A tolerance is a decimal number as it is written, and nothing else.', () => {
  const tolerance = (written: unknown) => consistencySection.safeParse([{ ...right, tolerance: written }]);
  expect(tolerance(0.001).data?.[0]?.tolerance).toEqual({ digits: 1n, scale: 3 });
  for (const written of [-1, 'much', '']) expect(tolerance(written).success).toBe(false);
});
