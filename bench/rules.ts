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
import { sloErrors } from '../alerts/slo-burn.ts';
import { listen } from '../kit/http-server.ts';
import { freePorts } from '../kit/ports.ts';
import { waitFor } from '../kit/wait.ts';
import { percentile } from '../loadtests/summary.ts';
import { recentHistory, writeOldHistory } from './synthetic-history.ts';
import { plantSeries, type SyntheticSeries } from './synthetic-plant.ts';
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
  const exporter = opened.use(await startExporter(series));
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-bench-rules-'));
  opened.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const past = { labels: `job="${exporterJob}",instance="${exporter.address}"`, until: nowSeconds() };
  await writeOldHistory(series, {
    ...past,
    dataDir: path.join(dir, 'data'),
    file: path.join(dir, 'old.txt'),
  });
  const url = await startPrometheus(dir, exporter.address, opened);
  await exporter.begin(past, url);
  const { durations, cpu, fastest } = await evaluate(url);
  tellDearest(fastest);
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (share: number) => (percentile(sorted, share) ?? Number.NaN) * 1000;
  const sum = [...fastest.values()].reduce((total, seconds) => total + seconds, 0);
  return [
    { what: 'rules evaluated', value: (await rulesAt(url)).length, unit: '' },
    { what: 'series scraped', value: series.length, unit: '' },
    { what: 'evaluation of all rules, median', value: at(50), unit: 'ms', target: 100 },
    {
      what: 'evaluation of all rules, fastest',
      value: sorted[0] === undefined ? Number.NaN : sorted[0] * 1000,
      unit: 'ms',
    },
    { what: 'evaluation of all rules, slowest', value: at(100), unit: 'ms' },
    { what: 'fastest evaluation of each rule, summed', value: sum * 1000, unit: 'ms' },
    { what: 'processor time of Prometheus in 5 s, scrape included', value: cpu * 1000, unit: 'ms' },
  ];
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** An exporter that is scraped for its past first, and from then on for the present. */
async function startExporter(series: readonly SyntheticSeries[]) {
  let history = '';
  let isPresent = false;
  const page = () => {
    const now = nowSeconds();
    return series.map(({ selector, at }) => `${selector} ${at(now)}\n`).join('');
  };
  const app = express()
    .get(
      '/metrics',
      (_, response) => void (isPresent ? response.type('text/plain').send(page()) : response.sendStatus(503)),
    )
    .get('/history', (_, response) => {
      response.type('text/plain').send(history);
      history = '';
    });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  return {
    address: new URL(server.url).host,
    async begin({ labels, until }: { labels: string; until: number }, prometheus: string): Promise<void> {
      history = recentHistory(series, labels, until);
      // The rest of a scrape comes at once: what is asked for stands in its last lines.
      await waitFor(async () => (await count(prometheus, `count_over_time(${sloErrors}[1h])`)) > 0, {
        what: 'the past',
        timeoutMs: 120_000,
      });
      isPresent = true;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function count(prometheus: string, expr: string): Promise<number> {
  const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const { data } = (await answer.json()) as { data: { result: unknown[] } };
  return data.result.length;
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
  const past = `
  - job_name: history
    honor_labels: true
    metrics_path: /history
    scrape_interval: 30s
    scrape_timeout: 30s
    static_configs: [{ targets: ['${exporter}'] }]
`;
  await writeFile(path.join(dir, 'prometheus.yml'), `${renderPrometheusConfig(options).trimEnd()}${past}`);
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

interface Evaluations {
  /** Of each evaluation of all rules, in seconds. */
  readonly durations: number[];
  /** What Prometheus computed meanwhile, scrapes included, in seconds of processor for each evaluation. */
  readonly cpu: number;
  /** The fastest evaluation of each rule: what others computed on this machine does not count. */
  readonly fastest: ReadonlyMap<string, number>;
}

/** So many evaluations, after those in which the first scrapes come in. */
async function evaluate(url: string): Promise<Evaluations> {
  const durations = new Map<number, { seconds: number; cpu: number }>();
  const fastest = new Map<string, number>();
  const warmUp = 6;
  const figure = (text: string, name: string) =>
    Number(new RegExp(`^${name}\\S* (\\S+)$`, 'm').exec(text)?.[1]);
  await waitFor(
    async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const failures = figure(text, 'prometheus_rule_evaluation_failures_total');
      if (failures > 0) throw new Error(`${failures} rules failed`);
      const when = figure(text, 'prometheus_rule_group_last_evaluation_timestamp_seconds');
      const seconds = figure(text, 'prometheus_rule_group_last_duration_seconds');
      if (when > 0) durations.set(when, { seconds, cpu: figure(text, 'process_cpu_seconds_total') });
      if (durations.size > warmUp)
        for (const { name, labels, evaluationTime } of await rulesAt(url)) {
          const rule = `${name} ${labels?.tier ?? ''}`;
          fastest.set(rule, Math.min(fastest.get(rule) ?? Number.POSITIVE_INFINITY, evaluationTime));
        }
      return durations.size >= warmUp + evaluations;
    },
    { what: 'the evaluations', timeoutMs: 900_000, everyMs: 1000 },
  );
  const counted = [...durations.values()].slice(warmUp);
  const cpu = ((counted.at(-1)?.cpu ?? 0) - (counted[0]?.cpu ?? 0)) / (counted.length - 1);
  return { durations: counted.map(({ seconds }) => seconds), cpu, fastest };
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

function tellDearest(fastest: ReadonlyMap<string, number>): void {
  const dearest = [...fastest].toSorted(([, a], [, b]) => b - a).slice(0, 12);
  for (const [rule, seconds] of dearest)
    process.stderr.write(`  ${(seconds * 1000).toFixed(1).padStart(6)} ms  ${rule}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printTable(await measureRules(), process.stdout);
