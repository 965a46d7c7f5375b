import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardQueries } from '../dashboards/queries.ts';
import { PrometheusApi } from '../drills/prometheus-api.ts';
import { waitFor } from '../kit/wait.ts';
import { runAndon } from './testing/andon-process.ts';
import { forgottenLock } from './testing/forgotten-lock.ts';
import { runCli } from './testing/run-cli.ts';
import { findingsOf, type RunningLab, startRunningLab, testdata } from './testing/running-lab.ts';

/** A whole drill with its drain, on a machine that does other things beside it. */
const drillLimitMs = 300_000;
let lab: RunningLab;
beforeAll(async () => {
  lab = await startRunningLab('healthy');
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const doctor = async () => (await runAndon(lab.cwd, 'doctor')).output;

interface RunbookRun {
  runbook: string;
  id: string;
  alert: string;
  mode: string;
  state: string;
  startedAt: string | null;
  receivedAt: string;
}

async function runbookRuns(since: string): Promise<RunbookRun[]> {
  const authorization = `Bearer ${readFileSync(path.join(lab.dir, 'secrets', 'runbooks'), 'utf8')}`;
  const response = await fetch(`${lab.address('runbooks')}/runs?since=${since}`, {
    headers: { authorization },
  });
  return (await response.json()) as RunbookRun[];
}

/** The run with which the runbook service answers what happens from now on. */
async function answered(): Promise<RunbookRun> {
  const since = new Date().toISOString();
  return await waitFor(
    async () => (await runbookRuns(since)).find(({ runbook }) => runbook === 'release-db-lock'),
    {
      what: 'the answer of release-db-lock to the alert',
      timeoutMs: 90_000,
      everyMs: 200,
    },
  );
}

const until = (id: string, state: string) =>
  waitFor(async () => (await runbookRuns('1970-01-01')).some((run) => run.id === id && run.state === state), {
    what: `run ${id}: ${state}`,
    timeoutMs: 60_000,
    everyMs: 200,
  });

/** An alert that still fires would not be delivered anew. */
const unblocked = () =>
  waitFor(async () => !(await alertNames()).includes('MesDatabaseBlocked'), {
    what: 'the end of the alert',
    timeoutMs: 120_000,
    everyMs: 500,
  });

const alertNames = async () =>
  (await new PrometheusApi(lab.address('prometheus'), fetch).alerts()).map(({ labels }) => labels.alertname);

/** Under another andon.yaml, as after a change of the configuration. */
async function restartRunbooks(andonYaml: string): Promise<void> {
  writeFileSync(path.join(lab.dir, 'andon.yaml'), andonYaml);
  expect(await runAndon(lab.cwd, 'lab', 'restart', 'runbooks')).toMatchObject({ code: 0 });
}

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
    expect(report.proof).toMatchObject({ runbook: 'release-db-lock', passed: true, delivered: true });
    expect(code).toBe(0);
  });

  it('lets a runbook that a drill has proven end a real lock by itself.', {
    timeout: drillLimitMs,
  }, async () => {
    expect(await doctor()).toMatch(/runbook release-db-lock +may act by itself/);
    await using _lock = await forgottenLock(lab.address('mes-db'));
    const run = await answered();
    expect(run).toMatchObject({
      mode: 'auto',
      trust: expect.stringMatching(/its last drill, db-lock at .* passed/),
    });
    await until(run.id, 'succeeded');
  });

  it('keeps a runbook whose last drill did not pass from acting: a person must agree to it.', {
    timeout: 2 * drillLimitMs,
  }, async () => {
    await unblocked();
    const config = path.join(lab.dir, 'andon.yaml');
    const text = readFileSync(config, 'utf8');
    await restartRunbooks(text.replace('\n  mes-db:\n', '\n  mes-db:\n    protect: ["andon-drill-*"]\n'));
    const { code, report } = await lab.drill('db-lock').finally(() => restartRunbooks(text));
    expect(report).toMatchObject({
      verdict: 'failed',
      faults: [{ liftedBy: 'time' }],
      proof: { passed: false, delivered: true },
    });
    // Others answer other alerts of the same outage.
    expect(report.runbooks.filter(({ name }) => name === 'release-db-lock')).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining('protected') },
    ]);
    expect(findingsOf(report)).toMatch(/release-db-lock ran and ended as “refused”/);
    expect(code).toBe(1);
    expect(await doctor()).toMatch(/runbook release-db-lock +asks a person first: .* did not pass/);
    await unblocked();
    await using _lock = await forgottenLock(lab.address('mes-db'));
    const run = await answered();
    expect(run).toMatchObject({ mode: 'approve', state: 'awaiting-approval', startedAt: null });
    const env = { ANDON_PERSON_TOKEN: readFileSync(path.join(lab.dir, 'secrets', 'leader'), 'utf8') };
    expect(await runCli({ cwd: lab.cwd, env }, 'runbook', 'approve', run.id)).toMatchObject({
      code: 0,
      stdout: 'approved by leader\n',
    });
    await until(run.id, 'succeeded');
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
