import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardQueries } from '../dashboards/queries.ts';
import { PrometheusApi } from '../drills/prometheus-api.ts';
import { runAndon } from './testing/andon-process.ts';
import { findingsOf, type RunningLab, startRunningLab, testdata } from './testing/running-lab.ts';

/** A whole drill with its drain, on a machine that does other things beside it. */
const drillLimitMs = 300_000;
let lab: RunningLab;
beforeAll(async () => {
  lab = await startRunningLab('healthy');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

describe('A healthy plant', () => {
  it('passes db-lock: the alert in its bound, healed by the runbook, nothing lost or doubled.', {
    timeout: drillLimitMs,
  }, async () => {
    const { code, output, report } = await lab.drill('db-lock');
    expect(
      findingsOf({ ...report, findings: report.findings.filter(({ severity }) => severity === 'critical') }),
      output,
    ).toBe('');
    expect(report).toMatchObject({
      verdict: 'passed',
      faults: [{ kind: 'db.lock', liftedBy: 'runbook', residue: [] }],
      production: { lost: 0, duplicated: 0, stale: 0, ok: true },
    });
    const alert = report.alerts.find(({ expected }) => expected);
    expect(alert?.timeToDetectSeconds).toBeLessThanOrEqual(alert?.boundSeconds ?? 0);
    expect(report.runbooks).toContainEqual(
      expect.objectContaining({ name: 'release-db-lock', outcome: 'succeeded' }),
    );
    expect(report.production.acknowledged).toBeGreaterThan(50);
    expect(code).toBe(0);
  });

  it('fails a drill whose fault touched nothing, for that reason.', { timeout: drillLimitMs }, async () => {
    await lab.sql('CREATE TABLE IF NOT EXISTS nobody_uses_this (id int)');
    const { code, report } = await lab.drill(testdata('vacuous-lock.yaml'));
    expect(report).toMatchObject({ verdict: 'failed', faults: [{ touched: 0, residue: [] }] });
    expect(findingsOf(report)).toMatch(/touched nothing/);
    expect(code).toBe(1);
  });

  it('fails a drill whose alert rule is gone, for that reason.', { timeout: drillLimitMs }, async () => {
    const rules = path.join(lab.dir, 'andon.rules.yml');
    const text = readFileSync(rules, 'utf8');
    const use = async (changed: string) => {
      writeFileSync(rules, changed);
      expect((await fetch(`${lab.address('prometheus')}/-/reload`, { method: 'POST' })).ok).toBe(true);
    };
    await use(text.replaceAll('MesDatabaseBlocked', 'SomethingElse'));
    try {
      const { code, report } = await lab.drill(testdata('short-lock.yaml'));
      expect(report.verdict).toBe('failed');
      expect(findingsOf(report)).toMatch(/no rule called MesDatabaseBlocked/);
      expect(code).toBe(1);
    } finally {
      await use(text);
    }
  });
});

describe('Beside the drills', () => {
  it('every query of every dashboard is answered by the Prometheus of the lab.', async () => {
    const prometheus = new PrometheusApi(lab.address('prometheus'), fetch);
    const now = Date.now();
    const answers = await Promise.all(
      dashboardQueries().map(async ({ expr }) => ({
        expr,
        points: await prometheus.range(expr, now - 120_000, now, 5),
      })),
    );
    const withData = answers.filter(({ points }) => points.length > 0);
    expect(withData.length).toBeGreaterThan(answers.length / 2);
    await expect(prometheus.range('sum(', now - 1000, now, 5)).rejects.toThrow(/parse error/);
  });

  it('a configured folder goes back to its snapshot.', async () => {
    const file = path.join(lab.dir, 'mes-config', 'mes.json');
    const before = readFileSync(file, 'utf8');
    expect(await runAndon(lab.cwd, 'snapshot', 'create', 'mes-config')).toMatchObject({ code: 0 });
    writeFileSync(file, '{"version": 2, "bad": true}');
    expect(await runAndon(lab.cwd, 'snapshot', 'rollback', 'mes-config')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('a second lab in the same folder is refused with 3 and what to do.', async () => {
    const { code, output } = await runAndon(lab.cwd, 'lab', 'up');
    expect(output).toContain('andon lab down');
    expect(code).toBe(3);
  });
});
