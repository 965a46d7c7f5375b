import { expect, it } from 'vitest';
import { targetsSchema } from '../kit/targets.ts';
import { exporterSection, namesAtMetrics } from './config.ts';
import { exporterProblems } from './config-problems.ts';

const targets = targetsSchema.parse({
  mes: { kind: 'mes', url: 'http://127.0.0.1', database: 'mes-db' },
  'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1/mes' },
  'erp-db': { kind: 'mysql', url: 'mysql://127.0.0.1/erp' },
  queue: { kind: 'rabbitmq', url: 'amqp://127.0.0.1', management: 'http://127.0.0.1' },
});

it('Names of no target, or of one of the wrong kind, are each refused where they stand.', () => {
  const config = exporterSection.parse({ databases: ['mes-db', 'mes'], queues: ['queue', 'nowhere'] });
  expect(exporterProblems(config, targets)).toEqual([
    { path: ['exporter', 'databases', 1], message: '"mes" is of kind mes, not postgres or mysql' },
    { path: ['exporter', 'queues', 1], message: 'no target is called "nowhere"' },
  ]);
  expect(exporterProblems(exporterSection.parse({}), targets)).toEqual([]);
});

it('Without a list all targets of the kind stand at /metrics; a list picks, an empty one picks none.', () => {
  const names = (section: object) => [...namesAtMetrics(exporterSection.parse(section), targets)];
  expect(names({})).toEqual(['mes', 'mes-db', 'erp-db', 'queue']);
  expect(names({ databases: ['erp-db'], queues: [] })).toEqual(['mes', 'erp-db']);
});
