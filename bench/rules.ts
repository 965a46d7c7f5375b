import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { alertsSection } from '../alerts/config.ts';
import { exporterJob, renderPrometheusConfig } from '../alerts/prometheus-config.ts';
import { renderRules } from '../alerts/prometheus-rules.ts';
import { rulesOf } from '../alerts/rules/catalogue.ts';
import { listen } from '../kit/http-server.ts';
import { freePorts } from '../kit/ports.ts';
import { waitFor } from '../kit/wait.ts';
import { percentile } from '../loadtests/summary.ts';
import { writeHistory } from './synthetic-history.ts';
import { plantSeries } from './synthetic-plant.ts';
import { type Measurement, printTable } from './table.ts';

const evaluations = 30;
/** All rules, those of a plant with shifts too. */
const config = alertsSection.parse({
  shifts: { weekly: [{ days: ['monday'], from: '06:00', to: '22:00' }] },
});

/**
 * How long a real Prometheus takes for one evaluation of all rules, for a plant of 500 devices, 50 queues, 20 operations and 5
 * databases with a past as long as the windows: its own figure, prometheus_rule_group_last_duration_seconds.
 */
export async function measureRules(): Promise<Measurement[]> {
  await using opened = new AsyncDisposableStack();
  const series = plantSeries();
  const page = () => {
    const now = Math.floor(Date.now() / 1000);
    return series.map(({ selector, at }) => `${selector} ${at(now)}\n`).join('');
  };
  const app = express().get(
    '/metrics',
    (_, response) => void response.type('text/plain; version=0.0.4').send(page()),
  );
  const exporter = opened.use(await listen(app, { host: '127.0.0.1', port: 0 }));
  const address = new URL(exporter.url).host;
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-bench-rules-'));
  opened.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  await writeHistory(series, {
    dataDir: path.join(dir, 'data'),
    file: path.join(dir, 'history.txt'),
    labels: `job="${exporterJob}",instance="${address}"`,
    until: Math.floor(Date.now() / 1000) - 5,
  });
  const url = await startPrometheus(dir, address, opened);
  const durations = await evaluate(url);
  tellDearest(await rulesAt(url));
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number) => (percentile(sorted, share) ?? Number.NaN) * 1000;
  return [
    { what: 'rules evaluated', value: (await rulesAt(url)).length, unit: '' },
    { what: 'series scraped', value: series.length, unit: '' },
    { what: 'evaluation of all rules, median', value: at(50), unit: 'ms', target: 100 },
    { what: 'evaluation of all rules, slowest of 30', value: at(100), unit: 'ms' },
  ];
}

async function startPrometheus(dir: string, exporter: string, opened: AsyncDisposableStack): Promise<string> {
  const [port = 0] = await freePorts(1);
  await writeFile(path.join(dir, 'rules.yml'), renderRules(rulesOf(config), config));
  const scrapeTargets = [{ job: exporterJob, address: exporter }];
  const options = {
    timing: config,
    ruleFiles: ['rules.yml'],
    alertmanagerAddress: '127.0.0.1:1',
    scrapeTargets,
  };
  await writeFile(path.join(dir, 'prometheus.yml'), renderPrometheusConfig(options));
  const server = spawn(
    'prometheus',
    [
      `--config.file=${path.join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = once(server, 'exit');
  opened.defer(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Prometheus', timeoutMs: 60_000 });
  return url;
}

/** The duration of so many evaluations, after those in which the first scrapes come in. */
async function evaluate(url: string): Promise<number[]> {
  const durations = new Map<number, number>();
  const warmUp = 6;
  const figure = (text: string, name: string) =>
    Number(new RegExp(`^${name}\\S* (\\S+)$`, 'm').exec(text)?.[1]);
  await waitFor(
    async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const failures = figure(text, 'prometheus_rule_evaluation_failures_total');
      if (failures > 0) throw new Error(`${failures} rules failed`);
      const when = figure(text, 'prometheus_rule_group_last_evaluation_timestamp_seconds');
      if (when > 0) durations.set(when, figure(text, 'prometheus_rule_group_last_duration_seconds'));
      return durations.size >= warmUp + evaluations;
    },
    { what: 'the evaluations', timeoutMs: 600_000, everyMs: 1000 },
  );
  return [...durations.values()].slice(warmUp);
}

interface EvaluatedRule {
  name: string;
  labels?: { tier?: string };
  evaluationTime: number;
}

async function rulesAt(url: string): Promise<EvaluatedRule[]> {
  const { data } = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
    data: { groups: { rules: EvaluatedRule[] }[] };
  };
  return data.groups.flatMap(({ rules }) => rules);
}

function tellDearest(rules: readonly EvaluatedRule[]): void {
  const dearest = rules.toSorted((a, b) => b.evaluationTime - a.evaluationTime).slice(0, 12);
  for (const { name, labels, evaluationTime } of dearest)
    process.stderr.write(
      `  ${(evaluationTime * 1000).toFixed(1).padStart(6)} ms  ${name} ${labels?.tier ?? ''}\n`,
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printTable(await measureRules(), process.stdout);
