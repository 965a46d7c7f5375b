import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { UnavailableError, UsageError } from '../kit/errors.ts';
import { silentLog } from '../kit/log.ts';
import { readNdjson } from '../kit/ndjson.ts';
import { waitFor } from '../kit/wait.ts';
import { findK6 } from './find-k6.ts';
import { isError, readRequests } from './request-record.ts';
import { type TerminalsDeps, terminalsLoad } from './terminals.ts';
import { FakeMes } from './testing/fake-mes.ts';
import { markedProcesses } from './testing/marked-processes.ts';

interface Ack {
  op: string;
  source: string;
  line: string;
  seq: number;
  serial: string;
  at: string;
}

const never = new AbortController().signal;
const k6 = (() => {
  try {
    return findK6(process.env.PATH ?? '');
  } catch {
    return undefined;
  }
})();

describe.skipIf(k6 === undefined)('the terminals, played by real k6', { timeout: 60_000 }, () => {
  let dir: string;
  let mes: FakeMes;
  beforeEach(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'andon-terminals-'));
    mes = await FakeMes.start();
  });
  afterEach(async () => {
    await mes[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const deps = (more: Partial<TerminalsDeps> = {}): TerminalsDeps => ({
    k6: k6 ?? 'k6',
    mesUrl: mes.url,
    token: 'system-token',
    dir,
    env: { PATH: process.env.PATH, HOME: dir },
    clock: systemClock,
    log: silentLog,
    pace: { quantity: 3, thinkMs: 40, timeoutMs: 5000, retryMs: 100, rampMs: 500 },
    ...more,
  });
  const acks = () => readNdjson(path.join(dir, 'acknowledgements', 'terminals.ndjson')) as Ack[];
  /** The work units that a piece was acknowledged to. */
  const sources = () => new Set(acks().map(({ source }) => source));
  const requests = () => readRequests(path.join(dir, 'requests.ndjson'));

  it('work through orders with seven users, and every acknowledged piece is in the MES exactly once', async () => {
    await using load = await terminalsLoad(deps())(
      { profile: 'terminals', users: 7, durationMs: 8000, mark: 'm1' },
      never,
    );
    await load.finished;
    const known = new Map(mes.applied.map((operation) => [operation.opId, operation]));
    expect(acks().length).toBeGreaterThan(20);
    expect(new Set(acks().map(({ op }) => op)).size).toBe(acks().length);
    for (const ack of acks()) expect(known.get(ack.op)).toMatchObject({ seq: ack.seq, serial: ack.serial });
    expect(Math.max(...requests().map(({ users }) => users))).toBe(7);
    expect(sources()).toEqual(new Set([1, 2, 3, 4, 5, 6, 7].map((unit) => `T-U${unit}`)));
    expect(holesIn(acks())).toEqual([]);
    expect(mes.orders.some(({ state }) => state === 'completed')).toBe(true);
    expect(await load.requests()).toBe(requests().length);
    expect(mes.tokens).toEqual(new Set(['Bearer system-token']));
    expect(requests().some(({ status }) => status === 409)).toBe(true);
    expect(requests().filter(isError)).toEqual([]);
  });

  it('keep the id of a piece through refusals and lost answers, and note it only once it is acknowledged', async () => {
    const hasty = { quantity: 3, thinkMs: 40, timeoutMs: 700, retryMs: 100, rampMs: 500 };
    await using load = await terminalsLoad(deps({ pace: hasty }))(
      { profile: 'terminals', users: 4, durationMs: 600_000, mark: 'm2' },
      never,
    );
    await until('first reports', () => mes.sent.length >= 8);
    mes.mood = 'refusing';
    const refusedFrom = mes.sent.length;
    await until('refused reports', () => mes.sent.length >= refusedFrom + 6);
    const refused = mes.sent.slice(refusedFrom);
    expect(acks().filter(({ op }) => refused.includes(op))).toEqual([]);
    mes.mood = 'applying-without-answer';
    const appliedBefore = mes.applied.length;
    await until('reports without an answer', () => mes.applied.length > appliedBefore);
    mes.mood = 'well';
    const unanswered = mes.applied[appliedBefore]?.opId ?? '';
    await until('their acknowledgements', () =>
      [unanswered, ...refused].every((op) => acks().some((ack) => ack.op === op)),
    );
    await load[Symbol.asyncDispose]();
    expect(mes.sent.filter((op) => op === unanswered).length).toBeGreaterThan(1);
    expect(acks().filter(({ op }) => op === unanswered)).toHaveLength(1);
    expect(mes.applied.filter(({ opId }) => opId === unanswered)).toHaveLength(1);
    expect(holesIn(acks())).toEqual([]);
    expect(requests().some(({ status }) => status === 503)).toBe(true);
    expect(requests().some(({ status }) => status === 0)).toBe(true);
  });

  it('note nothing as acknowledged while no report gets through', async () => {
    mes.mood = 'refusing';
    await using load = await terminalsLoad(deps())(
      { profile: 'terminals', users: 3, durationMs: 5000, mark: 'm3' },
      never,
    );
    await load.finished;
    expect(acks()).toEqual([]);
    const reports = requests().filter(({ name }) => name === 'report');
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.every(isError)).toBe(true);
  });

  it('share no work unit when two crowds work at once, and go on counting in a later run', async () => {
    const start = terminalsLoad(deps());
    const request = { profile: 'terminals', users: 2, durationMs: 600_000, mark: 'm4' };
    await using first = await start(request, never);
    await using second = await start(request, never);
    await until('pieces of each', () => sources().size >= 4);
    for (const crowd of [first, second]) await crowd[Symbol.asyncDispose]();
    expect(sources()).toEqual(new Set(['T-U1', 'T-U2', 'T-U3', 'T-U4']));
    const before = acks();
    await using third = await start(request, never);
    await until('later pieces', () =>
      acks()
        .slice(before.length)
        .some(({ source }) => source === 'T-U1'),
    );
    await third[Symbol.asyncDispose]();
    const highest = Math.max(...before.filter(({ source }) => source === 'T-U1').map(({ seq }) => seq));
    const later = acks().slice(before.length);
    expect(later.length).toBeGreaterThan(0);
    for (const ack of later.filter(({ source }) => source === 'T-U1'))
      expect(ack.seq).toBeGreaterThan(highest);
    expect(new Set(acks().map(({ op }) => op)).size).toBe(acks().length);
  });

  it('are gone, with all that carries their mark, once they are disposed or their signal is aborted', async () => {
    const stop = new AbortController();
    const start = terminalsLoad(deps());
    const request = { profile: 'terminals', users: 2, durationMs: 600_000 };
    const marks = ['disposed', 'aborted'].map((name) => `${name}-${path.basename(dir)}`) as [string, string];
    const disposed = await start({ ...request, mark: marks[0] }, never);
    const aborted = await start({ ...request, mark: marks[1] }, stop.signal);
    await until('requests', async () => (await disposed.requests()) > 0);
    expect(marks.map((mark) => markedProcesses(mark).length)).toEqual([1, 1]);
    await disposed[Symbol.asyncDispose]();
    await disposed[Symbol.asyncDispose]();
    stop.abort();
    await aborted.finished;
    await expect(disposed.finished).resolves.toBeUndefined();
    expect(marks.flatMap(markedProcesses)).toEqual([]);
    await expect(start({ ...request, mark: 'never' }, stop.signal)).rejects.toThrow(/abort/i);
  });

  it('do not outlive a process that was killed without a chance to stop them', async () => {
    const mark = `orphan-${path.basename(dir)}`;
    const program = path.join(import.meta.dirname, 'testing', 'start-terminals.ts');
    const parent = spawn(process.execPath, [program, k6 ?? '', mes.url, dir, mark], { stdio: 'ignore' });
    await until('its reports', () => mes.sent.length > 0);
    expect(markedProcesses(mark)).toHaveLength(1);
    parent.kill('SIGKILL');
    await until('their end', () => markedProcesses(mark).length === 0);
  });
});

describe('what k6 says', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'andon-terminals-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Starts terminals with a shell script in the place of k6. */
  const play = (script: string) => {
    const k6 = path.join(dir, 'k6');
    writeFileSync(k6, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const deps = { ...bare, k6, dir, env: { PATH: process.env.PATH } };
    return terminalsLoad(deps)({ profile: 'terminals', users: 1, durationMs: 1000, mark: 'm' }, never);
  };
  const started = `echo '{"started":"2026-11-22T09:30:00.000Z"}'`;
  const request = (ms: number) =>
    `echo '{"request":{"at":"2026-11-22T09:30:01.000Z","name":"report","ms":${ms},"status":0,"users":1}}'`;

  it('is a finished load when it missed its own thresholds (99), and a broken one when its script threw (107)', async () => {
    await using missed = await play(`${started}; exit 99`);
    await expect(missed.finished).resolves.toBeUndefined();
    await using broken = await play(`${started}; echo "ReferenceError: nowhere" >&2; exit 107`);
    await expect(broken.finished).rejects.toThrow(/script threw an exception.*ReferenceError: nowhere/);
  });

  it('is given on as the reason when it did not even start', async () => {
    const failed = play('echo "unknown flag: --quiet" >&2; exit 255');
    await expect(failed).rejects.toThrow(UnavailableError);
    await expect(failed).rejects.toThrow(/exit code 255.*unknown flag/);
  });

  it('is no failed request when it was the end of the load that cut it short', async () => {
    const cutShort = 1e12;
    const load = await play(
      `trap '${request(cutShort).replaceAll("'", `'"'"'`)}; exit 105' INT; ${request(7)}; ${started}; while :; do sleep 0.05; done`,
    );
    await until('its request', async () => (await load.requests()) === 1);
    await load[Symbol.asyncDispose]();
    expect(readRequests(path.join(dir, 'requests.ndjson')).map(({ ms }) => ms)).toEqual([7]);
  });

  it('does not matter when it is not there, or the profile is unknown', async () => {
    const request = { profile: 'terminals', users: 1, durationMs: 1000, mark: 'm' };
    await expect(terminalsLoad({ ...bare, dir })(request, never)).rejects.toThrow(/ENOENT/);
    await expect(terminalsLoad({ ...bare, dir })({ ...request, profile: 'robots' }, never)).rejects.toThrow(
      UsageError,
    );
  });
});

const until = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 30_000 });

const bare: TerminalsDeps = {
  k6: '/nowhere/k6',
  mesUrl: 'http://127.0.0.1:1',
  token: 't',
  dir: os.tmpdir(),
  env: {},
  clock: systemClock,
  log: silentLog,
};

/** Sources whose acknowledged sequence numbers do not rise by exactly one. */
function holesIn(acknowledged: readonly Ack[]): string[] {
  return [...Map.groupBy(acknowledged, ({ source }) => source)].flatMap(([source, list]) =>
    list.some(({ seq }, index) => index > 0 && seq !== (list[index - 1]?.seq ?? 0) + 1) ? [source] : [],
  );
}
