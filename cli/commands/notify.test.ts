import { writeFileSync } from 'node:fs';
import path from 'node:path';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import { waitFor } from '../../kit/wait.ts';
import { startAndon, temporaryFolder } from '../testing/andon-process.ts';
import { type CliRun, runCli } from '../testing/run-cli.ts';

const token = 'a-token-of-some-length';
const folder = temporaryFolder('notify');
const config = path.join(folder.path, 'andon.yaml');

interface Told {
  event: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  acknowledge_url: string | null;
}
const told: Told[] = [];
let status = 200;
let receiver: ListeningServer;
let url = '';
let service: ReturnType<typeof startAndon>;

beforeAll(async () => {
  const app = express().use(express.json());
  app.post('/', (request, response) => {
    if (status === 200) told.push(...request.body.items);
    response.status(status).send(`no, with ${token}`);
  });
  receiver = await listen(app, { host: '127.0.0.1', port: 0 });
  writeFileSync(
    config,
    `notify:
  listen: 127.0.0.1:0
  token: ${token}
  receivers:
    - {name: line, kind: webhook, url: '${receiver.url}', token: ${token}}
    - {name: boss, kind: webhook, url: '${receiver.url}'}
  routes:
    - {receivers: [line], escalate: [{after: 1h, receivers: [boss]}]}
`,
  );
  service = startAndon(folder.path, 'notify', 'serve');
  let output = '';
  service.child.stdout?.on('data', (text: string) => {
    output += text;
  });
  const ready = () => (output.includes('\n') ? (JSON.parse(output) as { url: string }).url : undefined);
  url = await waitFor(ready, { what: 'andon notify serve', timeoutMs: 60_000 });
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.ended;
  await receiver[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const andon = (...args: string[]): Promise<CliRun> => runCli(folder.path, ...args);
const fire = (name: string) =>
  fetch(`${url}/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({
      version: '4',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: name, tier: 'A' },
          annotations: { summary: `${name} is in trouble` },
          startsAt: '2026-01-31T08:00:00Z',
          fingerprint: name,
        },
      ],
    }),
  });
const hears = (name: string) =>
  waitFor(() => told.find(({ labels }) => labels.alertname === name), { what: name, timeoutMs: 30_000 });

test('An alert goes through it, and somebody can say that they have it.', async () => {
  expect((await fire('MesDown')).status).toBe(200);
  expect((await hears('MesDown')).acknowledge_url).toMatch(new RegExp(`^${url}/ack/`));
  expect((await andon('notify', 'ack')).stdout).toMatch(/^ +1 .* A {2}MesDown {2}MesDown is in trouble\n$/);
  expect(await andon('notify', 'ack', '1', '--by', 'Li Wei')).toMatchObject({ code: 0 });
  expect((await andon('notify', 'ack')).stdout).toBe('');
  expect(await andon('notify', 'ack', '1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('andon notify ack'),
  });
});

test('What is refused stands in "failed" without any secret, and "retry" brings it to the running service.', async () => {
  status = 403;
  await fire('Refused');
  const letters = () => andon('notify', 'failed', '--json');
  const letter = await waitFor(async () => (await letters()).stdout || undefined, {
    what: 'a dead letter',
    timeoutMs: 30_000,
  });
  expect(letter).not.toContain(token);
  const { id, ...rest } = JSON.parse(letter);
  expect(rest).toMatchObject({
    receiver: 'line',
    alert: 'Refused',
    event: 'firing',
    reason: expect.stringContaining('403'),
  });
  expect((await andon('notify', 'failed')).stdout).toContain('line: firing Refused: ');
  expect(await andon('notify', 'retry', '4711')).toMatchObject({ code: 2 });
  expect(await andon('notify', 'retry')).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') });
  status = 200;
  expect(await andon('notify', 'retry', String(id))).toMatchObject({ code: 0, stdout: '1 queued again.\n' });
  await hears('Refused');
  expect((await andon('notify', 'failed')).stdout).toBe('Nothing has failed for good.\n');
});

test('A test message says that it is one, and the answer is told with the exit code.', async () => {
  expect(await andon('notify', 'test', 'boss')).toMatchObject({ code: 0, stdout: 'boss: delivered\n' });
  expect((await hears('AndonTest')).annotations.summary).toBe('TEST: boss can be reached');
  status = 500;
  expect(await andon('notify', 'test', 'boss')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^boss: retry: .*500/),
  });
  status = 200;
  const unknown = await andon('notify', 'test', 'bos');
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "boss"?') });
});

test('A second service on the same store does not start; the first ends with 0 when it is told to.', async () => {
  const second = await startAndon(folder.path, 'notify', 'serve').ended;
  expect(second).toMatchObject({ code: 3, output: expect.stringContaining('another andon notify serve') });
  service.child.kill('SIGTERM');
  const { code, output } = await service.ended;
  expect({ code, leaks: output.includes(token) }).toEqual({ code: 0, leaks: false });
});

test('Without a section, without a store and with mistakes it says what to do and ends with 2 or 3.', async () => {
  using empty = temporaryFolder('notify-empty');
  const file = path.join(empty.path, 'andon.yaml');
  const run = (text: string) => {
    writeFileSync(file, text);
    return runCli(empty.path, 'notify', 'failed');
  };
  expect(await run('targets: {}\n')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no section notify:'),
  });
  const right = `notify:\n  token: ${token}\n  receivers: [{name: x, kind: webhook, url: 'http://127.0.0.1:1/'}]\n`;
  expect(await run(right)).toMatchObject({ code: 3, stderr: expect.stringContaining('andon notify serve') });
  const wrong = await run(`${right}  routes: [{receivers: [y]}]\n  heartbeat: {receivers: [z]}\n`);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/andon\.yaml:4:\d+ .*no receiver is called "y"/);
  expect(wrong.stderr).toMatch(/andon\.yaml:5:\d+ .*no receiver is called "z"/);
});
