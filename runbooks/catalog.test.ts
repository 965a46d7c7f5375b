import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { targetsSchema } from '../kit/targets.ts';
import { findRunbook, loadCatalog } from './catalog.ts';
import { planRunbook, renderPlan } from './plan.ts';
import { parseRunbook } from './schema/runbook.ts';
import { shippedSteps } from './steps/registry.ts';
import { tempFolder } from './testing/temp-folder.ts';

const targets = targetsSchema.parse({
  'mes-db': {
    kind: 'postgres',
    url: 'postgres://mes:hidden@10.0.0.5:6000/mes',
    admin_url: 'postgres://admin:hidden@10.0.0.5/mes',
    protect: ['backup*'],
  },
  mes: { kind: 'mes', url: 'http://10.0.0.4', database: 'mes-db' },
});
const snapshots = { 'mes-config': { folder: '/etc/plant', store: '/var/snapshots' } };

const mistakes = (text: string): string[] => {
  try {
    parseRunbook('bad.yaml', text, shippedSteps);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
};

test('The shipped runbooks are in order, and each can be planned.', () => {
  const catalog = loadCatalog();
  expect(catalog.map(({ runbook }) => runbook.id)).toEqual(['release-db-lock', 'rollback-config']);
  for (const { runbook } of catalog)
    expect(planRunbook(runbook, { targets, snapshots }).steps).toHaveLength(1);
});

test('A plan names every side effect with its values, and no password.', () => {
  const catalog = loadCatalog();
  const text = renderPlan(planRunbook(findRunbook(catalog, 'release-db-lock').runbook, { targets }));
  expect(text).toContain('mes-db (10.0.0.5:5432/mes)');
  expect(text).toContain('never backup*');
  expect(text).toContain('nobody has waited for a lock longer than two seconds');
  expect(text).not.toContain('hidden');
  const rollback = renderPlan(
    planRunbook(findRunbook(catalog, 'rollback-config').runbook, { targets, snapshots }),
  );
  expect(rollback).toContain('/etc/plant');
  expect(rollback).toContain('andon snapshot rollback mes-config');
});

test('A plan for what is not there says what to write into andon.yaml.', () => {
  const catalog = loadCatalog();
  const { runbook } = findRunbook(catalog, 'release-db-lock');
  expect(() => planRunbook(runbook, { targets: {} })).toThrow(/andon.yaml has no target "mes-db"/);
  expect(() => planRunbook(runbook, { targets, target: 'mes' })).toThrow(
    /of kind mes; db.release-lock needs postgres/,
  );
  expect(() => planRunbook(findRunbook(catalog, 'rollback-config').runbook, { targets })).toThrow(
    /no snapshot set is called "mes-config"/,
  );
  expect(() => findRunbook(catalog, 'release-db-lok')).toThrow(/no runbook is called/);
});

test('All mistakes of a file are named at once, each at its line.', () => {
  const found = mistakes(`id: Release Lock
title: ''
trigger: {alert: MesDatabaseBlocked, tir: A}
mode: automatic
steps:
  - step: db.release-lokc
  - step: db.release-lock
    with: {older_than: soon}
    timeout: 10
`);
  expect(found).toEqual([
    expect.stringMatching(/bad.yaml:1:5 .*id: must be lower case words/),
    expect.stringMatching(/bad.yaml:2:8 .*title/),
    expect.stringMatching(/bad.yaml:3:\d+ .*unknown key "tir"; did you mean "tier"\?/),
    expect.stringMatching(/bad.yaml:4:7 .*mode/),
    expect.stringMatching(
      /bad.yaml:6:\d+ .*unknown step "db.release-lokc"; did you mean "db.release-lock"\?/,
    ),
    expect.stringMatching(/bad.yaml:8:\d+ .*"soon" is not a duration/),
    expect.stringMatching(/bad.yaml:9:14 .*timeout/),
  ]);
});

test('What contradicts itself is named as well.', () => {
  expect(mistakes('{id: x, title: X, mode: auto, steps: [{step: db.release-lock}]}')).toEqual([
    expect.stringContaining('auto needs a "trigger"'),
    expect.stringContaining('auto needs "verify"'),
    expect.stringContaining('db.release-lock needs a "target"'),
  ]);
  expect(mistakes('{id: x, title: X, steps: [{step: approve}]}')).toHaveLength(1);
  expect(
    mistakes(
      '{id: x, title: X, mode: approve, steps: [{step: snapshot.rollback, with: {set: a, to: newest}}]}',
    ),
  ).toHaveLength(1);
});

test('A runbook of the user takes the place of a shipped one; its mistakes are named with its file.', () => {
  using folder = tempFolder();
  const mine = '{id: release-db-lock, title: Mine, target: mes-db, steps: [{step: db.release-lock}]}';
  writeFileSync(folder.file('mine.yaml'), mine);
  const found = findRunbook(loadCatalog({ folder: folder.path }), 'release-db-lock');
  expect(found).toMatchObject({
    file: folder.file('mine.yaml'),
    runbook: { title: 'Mine', mode: 'suggest' },
  });
  writeFileSync(folder.file('again.yml'), mine);
  writeFileSync(folder.file('bad.yaml'), 'id: x');
  expect(() => loadCatalog({ folder: folder.path })).toThrow(
    /bad.yaml has 2 mistakes[\s\S]*"release-db-lock" stands in .*again.yml and .*mine.yaml/,
  );
  expect(() => loadCatalog({ folder: folder.file('none') })).toThrow(/runbook folder/);
});
