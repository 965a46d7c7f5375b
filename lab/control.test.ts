import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../cli/main.ts';
import { lineOf, outputOf, untilReady } from '../kit/child-ready.ts';
import { type Child, startChild } from '../kit/children.ts';
import { startKeeper } from '../kit/keeper.ts';
import { freePorts } from '../kit/ports.ts';
import { startTimeOf } from '../kit/process-identity.ts';
import { waitFor } from '../kit/wait.ts';
import { childrenOf, notedKeeper } from './children-file.ts';
import { LabControl } from './control.ts';
import { serveControl } from './control-server.ts';
import { ControlledService, type StartService } from './controlled-service.ts';
import { type LabFolder, takeLabFolder } from './folder.ts';
import { PidFiles, pidFile } from './pid-files.ts';
import { readyLine } from './services/own-service.ts';

const root = mkdtempSync(path.join(tmpdir(), 'andon-control-'));
const dir = path.join(root, 'lab');
const stack = new AsyncDisposableStack();
const logged: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => logged.push(line) });
const runs: Child[] = [];
let folder: LabFolder;

/** Runs a shell as a service, which serves when it says so. */
const shell =
  (name: string, programOf: () => string): StartService =>
  async (owner, signal) => {
    const logFile = path.join(dir, 'logs', `${name}.log`);
    const args = ['-c', programOf()];
    const env = { PATH: '/usr/bin:/bin' };
    const child = await startChild({ name, command: '/bin/sh', args, env, logFile }, owner);
    await untilReady(child, () => lineOf(child, readyLine), { timeoutMs: 20_000, signal });
    runs.push(child);
    return child;
  };
const serving = `echo '{"ready":true}'; exec sleep 600`;
/** How often the other one ends before it serves. */
let refusals = 0;
const services = {
  mes: shell('mes', () => serving),
  erp: shell('erp', () => (refusals-- > 0 ? 'exit 3' : serving)),
};

beforeAll(async () => {
  stack.defer(() => rmSync(root, { recursive: true, force: true }));
  folder = stack.use(await takeLabFolder(dir));
  const owner = { keeper: stack.use(notedKeeper(await startKeeper(), dir)), log };
  const control = new LabControl();
  const pids = new PidFiles(dir);
  for (const [name, start] of Object.entries(services)) {
    const service = stack.use(new ControlledService(name, start, { owner, pids }));
    await service.begin(AbortSignal.timeout(30_000));
    control.add(service);
  }
  const [port = 0] = await freePorts(1);
  writeFileSync(path.join(dir, 'secrets', 'control'), 'open-sesame');
  stack.use(await serveControl(control, port, 'open-sesame'));
  folder.announce({ control: `http://127.0.0.1:${port}` }, true);
}, 60_000);
afterAll(() => stack.disposeAsync());

/** `andon lab …`, from a directory that has nothing to do with the lab. */
async function andon(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outside = { env: { ...process.env }, cwd: tmpdir(), stdin: new PassThrough(), stdout, stderr };
  const code = await main(['lab', ...args], outside);
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

const pidIn = (service: string): number => Number(readFileSync(pidFile(dir, service), 'utf8'));
const killed = async (service: string): Promise<void> => {
  process.kill(pidIn(service), 'SIGKILL');
  await waitFor(() => !existsSync(pidFile(dir, service)), {
    what: 'the notice of its death',
    timeoutMs: 20_000,
  });
};

test('A service that is killed stays dead, is reported, and comes back when asked, as it was.', async () => {
  const before = pidIn('mes');
  const told = logged.length;
  await killed('mes');
  expect(logged.slice(told).join()).toContain(
    'mes has died (SIGKILL); start it again with: andon lab start mes',
  );
  const { code, out } = await andon('start', 'mes', '--lab', dir);
  expect([code, out]).toEqual([0, `mes runs (process ${pidIn('mes')}).\n`]);
  expect(pidIn('mes')).not.toBe(before);
  const [first, second] = runs.filter(({ name }) => name === 'mes');
  expect(second?.logFile).toBe(first?.logFile);
  expect(outputOf(first ?? expect.fail())).toBe('{"ready":true}\n{"ready":true}\n');
  expect(childrenOf(dir).map(({ pid }) => pid)).toEqual(expect.arrayContaining([pidIn('mes')]));
  expect(childrenOf(dir).map(({ pid }) => pid)).not.toContain(before);
});

test('Started while it runs it is left alone, by however many at once; stopped it is gone and not reported.', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => andon('--json', 'start', 'mes', '--lab', dir)));
  const running = JSON.stringify({ service: 'mes', state: 'running', pid: pidIn('mes') });
  expect(answers.map(({ out }) => out.trim())).toEqual([running, running, running]);
  const pid = pidIn('mes');
  const told = logged.length;
  expect((await andon('stop', 'mes', '--lab', dir)).out).toBe('mes is stopped.\n');
  expect((await andon('--json', 'stop', 'mes', '--lab', dir)).out).toBe(
    '{"service":"mes","state":"stopped"}\n',
  );
  expect([startTimeOf(pid), existsSync(pidFile(dir, 'mes')), logged.length]).toEqual([
    undefined,
    false,
    told,
  ]);
  await Promise.all([1, 2, 3].map(() => andon('start', 'mes', '--lab', dir)));
  const alone = pidIn('mes');
  expect(
    runs.filter((run) => run.name === 'mes' && startTimeOf(run.pid) !== undefined).map((run) => run.pid),
  ).toEqual([alone]);
  await andon('restart', 'mes', '--lab', dir);
  expect([startTimeOf(alone), pidIn('mes') === alone]).toEqual([undefined, false]);
});

test('What cannot serve yet because of its dead predecessor is tried again.', async () => {
  await killed('erp');
  refusals = 2;
  expect(await andon('start', 'erp', '--lab', dir)).toMatchObject({ code: 0 });
  expect(startTimeOf(pidIn('erp'))).toBeDefined();
});

test('Mistakes are named with what to do: no such service, no lab, a stranger without the token.', async () => {
  expect(await andon('start', 'mess', '--lab', dir)).toMatchObject({
    code: 2,
    err: expect.stringContaining('Did you mean "mes"?'),
  });
  expect(await andon('start', 'mes', '--lab', path.join(root, 'none'))).toMatchObject({
    code: 3,
    err: expect.stringContaining('andon lab up'),
  });
  const { addresses } = JSON.parse(readFileSync(path.join(dir, 'lab.json'), 'utf8'));
  const before = pidIn('mes');
  for (const authorization of ['', 'Bearer open', 'Bearer open-sesame-please']) {
    const answer = await fetch(`${addresses.control}/services/mes/stop`, {
      method: 'POST',
      headers: { authorization },
    });
    expect(answer.status).toBe(401);
  }
  expect(startTimeOf(before)).toBeDefined();
});
