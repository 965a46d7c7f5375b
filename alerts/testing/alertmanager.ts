import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { listen } from '../../kit/http-server.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A real Alertmanager, and a receiver that remembers what it was sent. */
export interface TestAlertmanager extends AsyncDisposable {
  /** Tells it of alerts that fire now. */
  fire(...labels: Record<string, string>[]): Promise<void>;
  /** The labels of every alert that was delivered, in order. */
  readonly delivered: Record<string, string>[];
}

/** `configOf` is given the address of the receiver. */
export async function startTestAlertmanager(
  configOf: (receiver: string) => string,
): Promise<TestAlertmanager> {
  await using opened = new AsyncDisposableStack();
  const delivered: Record<string, string>[] = [];
  const app = express().use(express.json());
  app.post('/', (request, response) => {
    for (const { labels } of request.body.alerts) delivered.push(labels);
    response.end();
  });
  const receiver = opened.use(await listen(app, { host: '127.0.0.1', port: 0 }));
  const folder = await mkdtemp(path.join(tmpdir(), 'andon-alertmanager-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path.join(folder, 'alertmanager.yml'), configOf(receiver.url));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  opened.use(await startProgram(folder, port));
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Alertmanager', timeoutMs: 30_000 });
  const owned = opened.move();
  return {
    delivered,
    async fire(...alerts) {
      const body = JSON.stringify(alerts.map((labels) => ({ labels })));
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/api/v2/alerts`, { method: 'POST', body, headers });
      if (!response.ok) throw new Error(`Alertmanager answered ${response.status}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startProgram(folder: string, port: number): Promise<AsyncDisposable> {
  const args = [
    `--config.file=${path.join(folder, 'alertmanager.yml')}`,
    `--storage.path=${path.join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  const server = spawn('prometheus-alertmanager', args, { stdio: 'ignore' });
  const ended = once(server, 'exit');
  return {
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM');
      await ended;
    },
  };
}
