import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runChecker } from '../kit/checker.ts';
import { alertsSection } from './config.ts';
import { renderRules } from './prometheus-rules.ts';
import { operationSuccessRatio, operationsRate } from './recording-rules.ts';

/** Runs promtool with these series; each expression must have that value at 60 s, or none. */
async function evaluates(series: Record<string, string>, expected: Record<string, number | undefined>) {
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-recording-'));
  try {
    await writeFile(path.join(dir, 'rules.yml'), renderRules([], alertsSection.parse({})));
    const test = {
      interval: '5s',
      input_series: Object.entries(series).map(([selector, values]) => ({ series: selector, values })),
      promql_expr_test: Object.entries(expected).map(([record, value]) => ({
        expr: `round(${record}, 0.01)`,
        eval_time: '60s',
        exp_samples: value === undefined ? [] : [{ labels: '{target="mes"}', value }],
      })),
    };
    const file = path.join(dir, 'test.yml');
    await writeFile(file, stringify({ rule_files: ['rules.yml'], evaluation_interval: '5s', tests: [test] }));
    const { ok, output } = await runChecker('promtool', ['test', 'rules', file]);
    expect(ok, output).toBe(true);
  } finally {
    await rm(dir, { recursive: true });
  }
}

const up = 'mes_up{target="mes",job="andon-exporter"}';
const total = 'mes_operations_total{target="mes",operation="report"}';
const failed = 'mes_operations_failed_total{target="mes",operation="report"}';
const ratio = operationSuccessRatio.record;
const rate = operationsRate.record;

describe('the recorded success of operations', { timeout: 30_000 }, () => {
  it('is exactly 1 when there is traffic and nothing fails', () =>
    evaluates({ [up]: '1x20', [total]: '0+10x20', [failed]: '0x20' }, { [ratio]: 1, [rate]: 2 }));

  it('is the share that did not fail', () =>
    evaluates({ [up]: '1x20', [total]: '1000+10x20', [failed]: '1000+1x20' }, { [ratio]: 0.9 }));

  it('is 1 without traffic while the MES answers', () =>
    evaluates({ [up]: '1x20', [total]: '7x20', [failed]: '0x20' }, { [ratio]: 1, [rate]: 0 }));

  it('is 1 while a MES that has just started has no operations at all', () =>
    evaluates({ [up]: '1x20' }, { [ratio]: 1, [rate]: undefined }));

  it('has no value without traffic while the MES does not answer', () =>
    evaluates({ [up]: '1x5 0x15', [total]: '7x5 _x15', [failed]: '0x5 _x15' }, { [ratio]: undefined }));

  it('survives a restart of the MES, which sets its counters back', () =>
    evaluates(
      { [up]: '1x20', [total]: '1000+10x9 10+10x10', [failed]: '5x9 0x10' },
      { [ratio]: 1, [rate]: 2 },
    ));

  it('survives a lost scrape', () =>
    evaluates(
      { [up]: '1x20', [total]: '0+10x9 stale 110+10x10', [failed]: '0x20' },
      { [ratio]: 1, [rate]: 2 },
    ));
});
