import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { modulePath } from '../kit/module-path.ts';
import { freePorts } from '../kit/ports.ts';
import { type Targets, targetsSchema } from '../kit/targets.ts';
import { waitFor } from '../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../lab/testing/postgres.ts';
import { cleanUp } from './clean.ts';
import { lastOf, readJournal } from './journal.ts';
import { markedProcesses } from './marked-processes.ts';
import { LinkClient } from './proxy/link-client.ts';
import { runName } from './run-name.ts';
import type { Doom } from './testing/doomed-runner.ts';
import { startPeerServer } from './testing/tcp-peer.ts';
import { UndoLog } from './undo-log.ts';

/** The promise: whatever kills the runner, its fault is gone within this. */
const promisedMs = 5000;

const stack = new AsyncDisposableStack();
const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-kill-'));
const configFile = path.join(folder, 'targets.json');
const undoLog = new UndoLog(path.join(folder, 'undo-log.ndjson'), systemClock);
let targets: Targets;
let postgres: TestPostgres;
let database: pg.Client;

beforeAll(async () => {
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  postgres = stack.use(await startTestPostgres());
  database = await postgres.session('test');
  stack.defer(() => database.end());
  const upstream = stack.use(await startPeerServer());
  const control = await startProxy(upstream.port);
  targets = targetsSchema.parse({
    'mes-db': { kind: 'postgres', url: postgres.url() },
    'mes-db-link': { kind: 'link', control, link: 'db' },
    'mes-queue-link': { kind: 'link', control, link: 'queue' },
    mes: { kind: 'mes', url: 'http://127.0.0.1:1', database: 'mes-db' },
  });
  writeFileSync(configFile, JSON.stringify(targets));
});
afterAll(() => stack.disposeAsync());

/** The proxy is a process of its own, as in a plant: it survives what happens to the runner. */
async function startProxy(upstreamPort: number): Promise<string> {
  const file = path.join(folder, 'links.json');
  const ports = await freePorts(2);
  const links = ['db', 'queue'].map((name, index) => ({
    name,
    listen: `127.0.0.1:${ports[index]}`,
    upstream: `127.0.0.1:${upstreamPort}`,
  }));
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', links }));
  const proxy = spawn(process.execPath, [modulePath(import.meta.url, './testing/links-main'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stack.defer(async () => {
    proxy.stdin.end();
    await once(proxy, 'exit');
  });
  const [line] = await once(createInterface({ input: proxy.stdout }), 'line');
  return (JSON.parse(line) as { url: string }).url;
}

interface Case {
  doom: Pick<Doom, 'kind' | 'target' | 'with'>;
  /** Whether anything of the run's fault is there. */
  present: (run: string) => Promise<boolean>;
}

const lockOf = (relation: string): Case => ({
  doom: { kind: 'db.lock', target: 'mes-db', with: { relation } },
  present: async (run) => (await sessionsOf(run)) > 0,
});

const cutOf = (name: string): Case => ({
  doom: { kind: 'network.cut', target: name, with: { mode: 'drop' } },
  present: async (run) => {
    const target = targets[name];
    if (target?.kind !== 'link') throw new Error(`no link ${name}`);
    return (await new LinkClient(target, fetch).state()).cut?.holder === runName(run);
  },
});

const crowd: Case = {
  doom: { kind: 'load', target: 'mes', with: { users: 5 } },
  present: async (run) => markedProcesses(runName(run)).length > 0,
};

async function sessionsOf(run: string): Promise<number> {
  const text = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1';
  return (await database.query(text, [runName(run)])).rowCount ?? 0;
}

interface Runner {
  run: string;
  child: ChildProcess;
  reached: (word: string) => Promise<string>;
}

/** Starts a runner in a process group of its own. */
function startRunner({ doom }: Case): Runner {
  const run = randomUUID();
  const args = [
    modulePath(import.meta.url, './testing/doomed-runner'),
    JSON.stringify({ ...doom, run, folder, configFile } satisfies Doom),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  stack.defer(() => {
    child.kill('SIGKILL');
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line));
  const reached = (word: string) =>
    waitFor(() => said.find((line) => line.startsWith(word)), {
      what: `"${word}" of the runner of ${doom.kind}`,
      timeoutMs: 40_000,
      everyMs: 1,
    });
  return { run, child, reached };
}

/** Watches until `until` holds; returns for how long after `since` the fault was still seen. */
async function lastSeenMs(since: number, { run }: Runner, { present }: Case, until: () => boolean) {
  let last = 0;
  for (let after = 0; after < 3; after += until() ? 1 : 0) {
    if (await present(run)) last = Date.now() - since;
    if (Date.now() - since > 30_000) expect.fail(`the fault of ${run} is not taken care of`);
    await systemClock.sleep(50);
  }
  expect(await present(run), 'gone for good').toBe(false);
  return last;
}

const watchdogReport = ({ run }: Runner) =>
  lastOf(readJournal(path.join(folder, run, 'journal.ndjson')), 'watchdog');

const moments = {
  before: { word: 'opened', withinMs: 0 },
  during: { word: 'injecting', withinMs: 40 },
  'right after': { word: 'injected', withinMs: 30 },
  'some time after': { word: 'injected', withinMs: 1500 },
};

async function killRunner(kind: Case, moment: keyof typeof moments): Promise<void> {
  const runner = startRunner(kind);
  const { word, withinMs } = moments[moment];
  await runner.reached(word);
  const delayMs = Math.random() * withinMs;
  if (delayMs >= 1) await systemClock.sleep(delayMs);
  const wasIn = word === 'injected' ? await kind.present(runner.run) : undefined;
  const killedAt = Date.now();
  runner.child.kill('SIGKILL');
  const seenMs = await lastSeenMs(killedAt, runner, kind, () => watchdogReport(runner) !== undefined);
  const story = `${kind.doom.kind} killed ${moment} (${delayMs.toFixed(1)} ms after "${word}")`;
  if (wasIn !== undefined) expect(wasIn, `${story}: it was in`).toBe(true);
  expect(seenMs, story).toBeLessThan(promisedMs);
  expect(undoLog.pending(runner.run), story).toEqual([]);
  expect(watchdogReport(runner), story).toMatchObject({
    undone: [expect.stringContaining(`${kind.doom.kind} on `)],
    errors: [],
  });
}

describe('A runner that is killed by SIGKILL', () => {
  // One after the other for each fault (a link has one holder), the faults beside each other.
  const rounds: (keyof typeof moments)[] = ['before', 'during', 'during', 'right after', 'some time after'];
  test.concurrent.each([lockOf('pg_catalog.pg_description'), cutOf('mes-db-link'), crowd])(
    'leaves no $doom.kind within 5 s, whenever it dies, and the journal says who undid it',
    async (kind) => {
      for (const moment of rounds) await killRunner(kind, moment);
    },
    180_000,
  );
});

describe.concurrent('A runner that is stopped otherwise', () => {
  test('while it waits for its lock leaves no session behind', async () => {
    await database.query('CREATE TABLE held (id int)');
    const holder = await postgres.session('holder');
    stack.defer(() => holder.end());
    await holder.query('BEGIN; LOCK TABLE held');
    const kind = lockOf('held');
    const runner = startRunner(kind);
    await runner.reached('injecting');
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    await waitFor(async () => (await database.query(waiting, [runName(runner.run)])).rowCount === 1, {
      what: 'the runner that waits',
      timeoutMs: 10_000,
      everyMs: 10,
    });
    const killedAt = Date.now();
    runner.child.kill('SIGKILL');
    const seenMs = await lastSeenMs(killedAt, runner, kind, () => watchdogReport(runner) !== undefined);
    await holder.query('ROLLBACK');
    expect(seenMs).toBeLessThan(promisedMs);
  });

  test('by Ctrl-C in its terminal has a watchdog that survives and undoes', async () => {
    const runner = startRunner(crowd);
    await runner.reached('injected');
    const killedAt = Date.now();
    process.kill(-(runner.child.pid ?? 0), 'SIGINT');
    await once(runner.child, 'exit');
    const seenMs = await lastSeenMs(killedAt, runner, crowd, () => watchdogReport(runner) !== undefined);
    expect(seenMs).toBeLessThan(promisedMs);
    expect(undoLog.pending(runner.run)).toEqual([]);
  });

  test.each([lockOf('pg_catalog.pg_shdescription'), cutOf('mes-queue-link')])(
    'as if frozen, its watchdog dead: the server ends $doom.kind by its lease, and the clean-up closes the log',
    async (kind) => {
      const runner = startRunner(kind);
      const [, watchdog] = (await runner.reached('watchdog')).split(' ');
      await runner.reached('injected');
      process.kill(Number(watchdog), 'SIGKILL');
      expect(await kind.present(runner.run)).toBe(true);
      const frozenAt = Date.now();
      runner.child.kill('SIGSTOP');
      // A frozen runner keeps its idle connections; what must go is the lock.
      const present = kind.doom.kind === 'db.lock' ? lockedBy : kind.present;
      const enough = () => Date.now() - frozenAt > promisedMs;
      const seenMs = await lastSeenMs(frozenAt, runner, { ...kind, present }, enough);
      runner.child.kill('SIGKILL');
      expect(seenMs).toBeGreaterThan(1000);
      expect(seenMs).toBeLessThan(promisedMs);
      expect(watchdogReport(runner)).toBeUndefined();
      expect(undoLog.pending(runner.run)).toHaveLength(1);
      const { undone, failed } = await cleanUp({ undoLog, run: runner.run, targets, fetch, by: 'clean' });
      expect([undone.length, failed, undoLog.pending(runner.run)]).toEqual([1, [], []]);
    },
  );
});

async function lockedBy(run: string): Promise<boolean> {
  const text = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE application_name = $1 AND locktype = 'relation' AND mode = 'AccessExclusiveLock'`;
  return (await database.query(text, [runName(run)])).rowCount !== 0;
}
