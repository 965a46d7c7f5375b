import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { alertsSection } from '../../alerts/config.ts';
import { exporterJob, renderPrometheusConfig } from '../../alerts/prometheus-config.ts';
import { renderRules } from '../../alerts/prometheus-rules.ts';
import { rulesOf } from '../../alerts/rules/catalogue.ts';
import { UnavailableError } from '../../kit/errors.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A real Prometheus with the rules that ship, scraping one exporter each second. */
export interface TestPrometheus extends AsyncDisposable {
  readonly url: string;
  /** The instant query's result; throws Prometheus' own words when it cannot parse or execute it. */
  query(expr: string): Promise<unknown[]>;
}

const timing = alertsSection.parse({
  scrape_interval: '1s',
  scrape_timeout: '1s',
  evaluation_interval: '1s',
});

export async function startTestPrometheus(exporterAddress: string): Promise<TestPrometheus> {
  const [port = 0] = await freePorts(1);
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-prometheus-'));
  await writeFile(path.join(dir, 'rules.yml'), renderRules(rulesOf(timing), timing));
  const scrapeTargets = [{ job: exporterJob, address: exporterAddress }];
  const alertmanagerAddress = '127.0.0.1:1';
  const config = renderPrometheusConfig({
    timing,
    ruleFiles: ['rules.yml'],
    alertmanagerAddress,
    scrapeTargets,
  });
  await writeFile(path.join(dir, 'prometheus.yml'), config);
  const server = spawn(
    'prometheus',
    [
      `--config.file=${path.join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((resolve) =>
    server.once('exit', () => resolve()).once('error', () => resolve()),
  );
  const url = `http://127.0.0.1:${port}`;
  const running: TestPrometheus = {
    url,
    query: (expr) => query(url, expr),
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await once(server, 'spawn').catch((cause) => {
      throw new UnavailableError('prometheus.missing', 'prometheus is not on PATH', {
        mend: 'apt-get install prometheus',
        cause,
      });
    });
    await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Prometheus', timeoutMs: 60_000 });
    return running;
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

async function query(url: string, expr: string): Promise<unknown[]> {
  const response = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const answer = (await response.json()) as { error?: string; data?: { result: unknown[] } };
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.data?.result ?? [];
}
