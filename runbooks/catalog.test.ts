import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { consistencySection } from '../exporters/consistency/config.ts';
import { targetsSchema } from '../kit/targets.ts';
import { findRunbook, loadCatalog } from './catalog.ts';
import { type PlanDeps, planRunbook, renderPlan, subjectByHand } from './plan.ts';
import { repairsSection } from './repairs/config.ts';
import { repairsOf } from './repairs/repair.ts';
import { parseRunbook, type Runbook } from './schema/runbook.ts';
import { shippedSteps } from './steps/registry.ts';
import { tempFolder } from './testing/temp-folder.ts';

const targets = targetsSchema.parse({
  'mes-db': {
    kind: 'postgres',
    url: 'postgres://mes:hidden@10.0.0.5:6000/mes',
    admin_url: 'postgres://admin:hidden@10.0.0.5/mes',
    protect: ['backup*'],
  },
  'wms-db': { kind: 'postgres', url: 'postgres://wms:hidden@10.0.0.5/wms' },
  mes: { kind: 'mes', url: 'http://10.0.0.4', database: 'mes-db' },
  'mes-process': { kind: 'process', unit: 'mes.service' },
  'mes-queue': { kind: 'rabbitmq', url: 'amqp://10.0.0.6', management: 'http://10.0.0.6:15672' },
  'plant-server': { kind: 'host', logs: { folder: '/var/log/mes', pattern: '*.log*' } },
  'mes-release': { kind: 'release', control: 'http://10.0.0.4:9000' },
});
const side = (system: string, target: string) => ({ system, target, sql: 'SELECT 1' });
const comparisons = consistencySection.parse([
  { name: 'moves', keys: ['op'], source: side('mes', 'mes-db'), destinations: [side('wms', 'wms-db')] },
]);
const repair = { comparison: 'moves', into: 'wms', record: 'SELECT $1 AS op', table: 'moves', match: ['op'] };
const repairs = repairsOf(repairsSection.parse({ 'wms-moves': repair }), comparisons);
/** What the inputs of the shipped runbooks may be. */
const examples: Record<string, string> = {
  device: 'L1-U1-PLC',
  queue: 'erp.operations',
  operation: 'andon-3f9c-12-2-do',
};
const snapshots = { 'mes-config': { folder: '/etc/plant', store: '/var/snapshots' } };

const mistakes = (text: string): string[] => {
  try {
    parseRunbook('bad.yaml', text, shippedSteps);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
};

/** As a person would have it planned. */
function plan(
  runbook: Runbook,
  changes: Partial<PlanDeps> = {},
  given: Parameters<typeof subjectByHand>[1] = {},
) {
  const deps = { targets, snapshots, repairs, steps: shippedSteps, ...changes };
  return planRunbook(runbook, subjectByHand(runbook, given, deps), deps);
}

test('The shipped runbooks are in order, and each can be planned.', () => {
  const catalog = loadCatalog();
  expect(catalog.length).toBeGreaterThan(9);
  for (const { runbook } of catalog) {
    const needed = Object.keys(runbook.inputs).filter((name) => name in examples);
    const inputs = Object.fromEntries(needed.map((name) => [name, examples[name] ?? '']));
    const target = typeof runbook.target === 'object' ? 'mes' : undefined;
    expect(plan(runbook, {}, { target, inputs }).steps).toHaveLength(runbook.steps.length);
  }
});

test('A plan names every side effect with its values, and no password.', () => {
  const catalog = loadCatalog();
  const text = renderPlan(plan(findRunbook(catalog, 'release-db-lock').runbook));
  expect(text).toContain('mes-db (10.0.0.5:5432/mes)');
  expect(text).toContain('never backup*');
  expect(text).toContain('nobody has waited for a lock longer than two seconds');
  expect(text).not.toContain('hidden');
  const release = renderPlan(plan(findRunbook(catalog, 'rollback-release').runbook));
  expect(release).toContain('\n  only if: a version is there that may be the reason\n  1. release.halt');
  expect(text).not.toContain('only if');
  const rollback = renderPlan(plan(findRunbook(catalog, 'rollback-config').runbook));
  expect(rollback).toContain('/etc/plant');
  expect(rollback).toContain('andon snapshot rollback mes-config');
});

test('A plan for what is not there says what to write into andon.yaml.', () => {
  const catalog = loadCatalog();
  const { runbook } = findRunbook(catalog, 'release-db-lock');
  expect(() => plan(runbook, { targets: {} })).toThrow(/andon.yaml has no target "mes-db"/);
  expect(() => plan(runbook, {}, { target: 'mes' })).toThrow(/of kind mes; db.release-lock needs postgres/);
  expect(() => plan(findRunbook(catalog, 'rollback-config').runbook, { snapshots: {} })).toThrow(
    /no snapshot set is called "mes-config"/,
  );
  const withoutLogs = targetsSchema.parse({ 'plant-server': { kind: 'host' } });
  expect(() => plan(findRunbook(catalog, 'free-disk').runbook, { targets: withoutLogs })).toThrow(
    /disk.free on "plant-server": .* write targets: plant-server: logs: \{ folder: .* in andon.yaml/,
  );
  expect(() => findRunbook(catalog, 'release-db-lok')).toThrow(/no runbook is called/);
});

test('All mistakes of a file are named at once, each at its line.', () => {
  const found = mistakes(`id: Release Lock
title: ''
triggers: [{alert: MesDatabaseBlocked, tir: A}]
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
    expect.stringContaining('auto needs "triggers"'),
    expect.stringContaining('auto needs "verify"'),
    expect.stringContaining('db.release-lock needs a "target"'),
  ]);
});

test('A runbook of the user takes the place of a shipped one; its mistakes are named with its file.', () => {
  using folder = tempFolder();
  const mine = '{id: release-db-lock, title: Mine, target: mes-db, steps: [{step: db.release-lock}]}';
  writeFileSync(folder.file('mine.yaml'), mine);
  const found = findRunbook(loadCatalog({ folder: folder.path }), 'release-db-lock');
  expect(found).toMatchObject({
    file: folder.file('mine.yaml'),
    runbook: { title: 'Mine', mode: { default: 'suggest' } },
  });
  writeFileSync(folder.file('again.yml'), mine);
  writeFileSync(folder.file('bad.yaml'), 'id: x');
  expect(() => loadCatalog({ folder: folder.path })).toThrow(
    /bad.yaml has 2 mistakes[\s\S]*"release-db-lock" stands in .*again.yml and .*mine.yaml/,
  );
  expect(() => loadCatalog({ folder: folder.file('none') })).toThrow(/runbook folder/);
});
