import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runChecker } from '../kit/checker.ts';
import { alertsSection } from './config.ts';
import { renderRules } from './prometheus-rules.ts';
import { sloErrors, sloEvents } from './slo-burn.ts';
import { slosSection } from './slos.ts';

const slos = [
  { name: 'succeed', objective: 0.99 },
  { name: 'quick', objective: 0.99, within: '1s' },
  { name: 'reports', objective: 0.99, operations: ['report', 'a"b.*'] },
];
const config = alertsSection.parse({ slos });

/** promtool's opinion on operations per second after three minutes, all and bad ones. */
async function measures(series: Record<string, string>, expected: Record<string, readonly [number, number]>) {
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-slo-'));
  try {
    await writeFile(path.join(dir, 'rules.yml'), renderRules([], config));
    const samples = (index: 0 | 1) =>
      Object.entries(expected).map(([slo, values]) => ({
        labels: `{slo="${slo}",target="mes"}`,
        value: values[index],
      }));
    const test = {
      interval: '5s',
      input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values })),
      promql_expr_test: [sloEvents, sloErrors].map((record, index) => ({
        expr: `round(${record}, 0.01)`,
        eval_time: '3m',
        exp_samples: samples(index === 0 ? 0 : 1),
      })),
    };
    const file = path.join(dir, 'test.yml');
    await writeFile(file, stringify({ rule_files: ['rules.yml'], evaluation_interval: '5s', tests: [test] }));
    return await runChecker('promtool', ['test', 'rules', file]);
  } finally {
    await rm(dir, { recursive: true });
  }
}

const total = (operation: string) =>
  `mes_operations_total{target="mes",operation=${JSON.stringify(operation)}}`;
const failed = (operation: string) =>
  `mes_operations_failed_total{target="mes",operation=${JSON.stringify(operation)}}`;
const waited = (le: string) =>
  `mes_operation_wait_seconds_bucket{target="mes",operation="report",le="${le}"}`;
const count = 'mes_operation_wait_seconds_count{target="mes",operation="report"}';

const plant = (values: (perStep: number) => string, second: string) => ({
  [total('report')]: values(10),
  [failed('report')]: values(1),
  [total('a"b.*')]: values(5),
  [failed('a"b.*')]: values(0),
  [total('start')]: values(5),
  [failed('start')]: values(5),
  [waited('0.5')]: values(2),
  [waited(second)]: values(7),
  [waited('10')]: values(9),
  [count]: values(10),
});
const steady = (perStep: number) => `1000+${perStep}x40`;
const expected = { succeed: [4, 1.2], quick: [2, 0.6], reports: [3, 0.2] } as const;

describe('The operations of an SLO', { timeout: 30_000 }, () => {
  it('are counted, and those of them that failed or waited too long.', async () => {
    const { ok, output } = await measures(plant(steady, '1'), expected);
    expect(ok, output).toBe(true);
  });

  it('are counted as well where Prometheus writes the bound as 1.0, and when the MES restarts.', async () => {
    const restarted = (perStep: number) => `1000+${perStep}x29 ${perStep}+${perStep}x10`;
    const { ok, output } = await measures(plant(restarted, '1.0'), expected);
    expect(ok, output).toBe(true);
  });

  it('are not taken for quick when there is no bucket of that bound: then it is not known.', async () => {
    const { ok, output } = await measures(plant(steady, '11'), expected);
    expect(ok).toBe(false);
    expect(output).not.toMatch(/got:.*slo_errors.*quick/);
  });
});

describe('The section', () => {
  const issuesOf = (section: unknown) =>
    slosSection
      .safeParse(section)
      .error?.issues.map(({ path: where, message }) => `${where.join('.')}: ${message}`);

  it('names every mistake.', () => {
    const slo = { name: 'a', objective: 0.99 };
    expect(
      issuesOf([
        slo,
        { ...slo, name: 'c', objective: 0.93 },
        { name: 'Ü', objective: 1 },
        { ...slo, name: 'b', within: '0s' },
      ]),
    ).toEqual([
      '1.objective: must be above 0.931: below it an outage would not count as fast',
      '2.name: must be lower-case letters, digits and -',
      '2.objective: must be below 1: without a budget every failure would be an alert',
      '3.within: must be longer than 0s',
    ]);
    expect(issuesOf([slo, slo])).toEqual(['1.name: there are two called "a"']);
  });

  it('turns the burn rates off when it is empty.', () => {
    const rules = renderRules([], alertsSection.parse({ slos: [] }));
    expect(rules).not.toContain('mes:slo');
  });
});
