import { expect, test } from 'vitest';
import { consistencySection } from '../../exporters/consistency/config.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { repairsSection } from './config.ts';
import { repairProblems } from './problems.ts';
import { repairsOf } from './repair.ts';

const targets = targetsSchema.parse({
  'mes-db': { kind: 'postgres', url: 'postgres://10.0.0.1/mes' },
  'wms-db': { kind: 'postgres', url: 'postgres://10.0.0.1/wms' },
  'erp-db': { kind: 'mysql', url: 'mysql://10.0.0.1/erp' },
});
const side = (system: string) => ({ system, target: `${system}-db`, sql: 'SELECT 1' });
const comparisons = consistencySection.parse([
  { name: 'moves', source: side('mes'), destinations: [side('wms'), side('erp')], keys: ['material', 'op'] },
]);
const fine = {
  comparison: 'moves',
  into: 'wms',
  record: 'SELECT * FROM moves WHERE material = $1 AND op = $2',
  table: 'stock_moves',
  match: ['op'],
};
const problems = (changes: object) =>
  repairProblems(repairsSection.parse({ one: { ...fine, ...changes } }), { comparisons, targets }).map(
    ({ path, message }) => `${path.slice(2).join('.')}: ${message}`,
  );

test('A repair that fits its comparison has no problem; the source of the comparison is right unless it says otherwise.', () => {
  expect(problems({})).toEqual([]);
  expect(problems({ from: 'wms', into: 'mes' })).toEqual([]);
  const { one } = repairsOf(repairsSection.parse({ one: fine }), comparisons);
  expect(one).toMatchObject({
    from: { system: 'mes', target: 'mes-db' },
    into: { target: 'wms-db' },
    destination: 'wms',
  });
});

test.for([
  [{ comparison: 'stock' }, 'one.comparison: no comparison is called "stock"'],
  [{ into: 'sap' }, 'one.into: the comparison moves has no system "sap"'],
  [{ into: 'erp' }, 'one.into: is a mysql database; repairs read and write PostgreSQL only'],
  [{ into: 'mes' }, 'one.into: is the system that is right (from: mes)'],
  [{ record: 'SELECT 1 WHERE $1 = op' }, 'one.record: does not use $2 (op)'],
  [{ record: 'SELECT $1, $2, $3' }, 'one.record: uses $3, but the keys are material, op'],
  [{ mark: { column: 'op' } }, 'one.mark: "op" names the row, so it cannot mark it'],
] as const)('%o is named with its path.', ([changes, message]) => {
  expect(problems(changes)).toEqual([message]);
});

test.for([
  [{ record: 'SELECT 1;' }, 'record'],
  [{ match: [] }, 'match'],
  [{ table: 'a.b.c' }, 'table'],
  [{ extra: 'delete' }, 'extra'],
  [{ delete: true }, 'unrecognized'],
] as const)('%o is no repair.', ([changes, word]) => {
  const { error } = repairsSection.safeParse({ one: { ...fine, ...changes } });
  expect(JSON.stringify(error?.issues)).toContain(word);
});
