import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { alertsSection } from '../alerts/config.ts';
import { exporterJob, renderPrometheusConfig } from '../alerts/prometheus-config.ts';
import { renderRules, ruleGroupNames } from '../alerts/prometheus-rules.ts';
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
const warmUp = 6;
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
  exporter.remember(past);
  const url = await startPrometheus(dir, exporter, opened);
  const { durations, cpu, fastest } = await evaluate(url);
  tellDearest(fastest);
  const of = (group: string, share: number) =>
    (percentile(
      (durations.get(group) ?? []).toSorted((a, b) => a - b),
      share,
    ) ?? Number.NaN) * 1000;
  const { slow, usual } = ruleGroupNames;
  const sum = [...fastest.values()].reduce((total, seconds) => total + seconds, 0);
  const ms = (what: string, value: number, target?: number): Measurement => ({
    what,
    value,
    unit: 'ms',
    ...(target === undefined ? {} : { target }),
  });
  return [
    { what: 'rules evaluated', value: (await rulesAt(url)).length, unit: '' },
    { what: 'series scraped', value: series.length, unit: '' },
    ms('all rules, median (each 5 s, and each 60 s)', of(usual, 50) + of(slow, 50), 100),
    ms('rules of each 5 s, median', of(usual, 50)),
    ms('rules of each 5 s, slowest', of(usual, 100)),
    ms('rules of each 60 s, median', of(slow, 50)),
    ms('fastest evaluation of each rule, summed', sum * 1000),
    ms('processor time of Prometheus in 5 s, scrape included', cpu * 1000),
  ];
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

interface SyntheticExporter extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  /** What it answers once when it is asked for its past. */
  remember(past: { labels: string; until: number }): void;
  beginPresent(): void;
}

/** An exporter that is scraped for its past first, and from then on for the present. */
async function startExporter(series: readonly SyntheticSeries[]): Promise<SyntheticExporter> {
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
    remember({ labels, until }: { labels: string; until: number }): void {
      history = recentHistory(series, labels, until);
    },
    beginPresent(): void {
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

async function startPrometheus(
  dir: string,
  exporter: SyntheticExporter,
  opened: AsyncDisposableStack,
): Promise<string> {
  const [port = 0] = await freePorts(1);
  await writeFile(path.join(dir, 'rules.yml'), renderRules(rulesOf(config), config));
  const scrapeTargets = [{ job: exporterJob, address: exporter.address }];
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
    static_configs: [{ targets: ['${exporter.address}'] }]
`;
  const file = path.join(dir, 'prometheus.yml');
  const present = renderPrometheusConfig(options);
  await writeFile(file, `${present.trimEnd()}${past}`);
  const server = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${path.join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
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
  // The rest of a scrape comes at once: what is asked for stands in its last lines.
  await waitFor(async () => (await count(url, `count_over_time(${sloErrors}[1h])`)) > 0, {
    what: 'the past',
    timeoutMs: 120_000,
  });
  // A scrape is given the memory that the last one of its job took: without that job it is no burden any more.
  await writeFile(file, present);
  await fetch(`${url}/-/reload`, { method: 'POST' });
  exporter.beginPresent();
  return url;
}

interface Evaluations {
  /** Of each evaluation of a group, in seconds, by the group's name. */
  readonly durations: ReadonlyMap<string, readonly number[]>;
  /** What Prometheus computed for each evaluation interval, scrapes included, in seconds of processor. */
  readonly cpu: number;
  /** The fastest evaluation of each rule: what others computed on this machine does not count. */
  readonly fastest: ReadonlyMap<string, number>;
}

/** So many evaluations of every rule, after those in which the first scrapes come in. */
async function evaluate(url: string): Promise<Evaluations> {
  const seen = Object.values(ruleGroupNames).map((name) => [name, new Map<number, number>()] as const);
  const fastest = new Map<string, number>();
  const cpu: { at: number; seconds: number }[] = [];
  const usual = seen.find(([name]) => name === ruleGroupNames.usual)?.[1];
  await waitFor(
    async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const failures = figure(text, 'prometheus_rule_evaluation_failures_total');
      if (failures > 0) throw new Error(`${failures} rules failed`);
      for (const [name, durations] of seen) {
        const of = (metric: string) => figure(text, `${metric}{rule_group="[^"]*;${name}"}`);
        const when = of('prometheus_rule_group_last_evaluation_timestamp_seconds');
        if (when > 0) durations.set(when, of('prometheus_rule_group_last_duration_seconds'));
      }
      if ((usual?.size ?? 0) <= warmUp) return false;
      cpu.push({ at: Date.now(), seconds: figure(text, 'process_cpu_seconds_total') });
      for (const { name, labels, evaluationTime } of await rulesAt(url)) {
        // One that was not evaluated yet took no time at all.
        if (evaluationTime === 0) continue;
        const rule = `${name} ${labels?.tier ?? ''}`;
        fastest.set(rule, Math.min(fastest.get(rule) ?? Number.POSITIVE_INFINITY, evaluationTime));
      }
      return (usual?.size ?? 0) >= warmUp + evaluations;
    },
    { what: 'the evaluations', timeoutMs: 900_000, everyMs: 2400 },
  );
  const [first, last] = [cpu[0], cpu.at(-1)];
  const share = first && last ? (last.seconds - first.seconds) / ((last.at - first.at) / 1000) : Number.NaN;
  const durations = new Map(
    seen.map(([name, of]) => [name, [...of.values()].slice(name === ruleGroupNames.usual ? warmUp : 1)]),
  );
  return { durations, cpu: (share * config.evaluation_interval) / 1000, fastest };
}

/** A metric's value in Prometheus' own exposition; the name is a regular expression. */
const figure = (text: string, name: string): number =>
  Number(
    new RegExp(`^${name.replaceAll('{', '\\{').replaceAll('}', '\\}')}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(
      text,
    )?.[1],
  );

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
