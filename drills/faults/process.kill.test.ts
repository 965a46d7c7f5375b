import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LocalProcess } from '../../kit/process/local-process.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

/** One for each test: they run beside each other. */
const names = ['killed', 'frozen', 'restarted', 'killed-alone', 'frozen-alone'] as const;
type Name = (typeof names)[number];
const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-killed-'));
const noHurry = () => AbortSignal.timeout(20_000);
const services = new Map(names.map((name) => [name, serviceNamed(name)]));
let range: KillRange;

/** A process in a session of its own, whose id stands in a file: as small as a service can be. */
function serviceNamed(name: string) {
  const file = path.join(folder, name);
  const program = `setsid sh -c 'echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 600' &`;
  const start = ['/bin/sh', '-c', program];
  const target = { kind: 'process' as const, pid_file: file, start, drillable: true };
  return { file, target, service: new LocalProcess(name, { ...target, production: false }) };
}

const serviceOf = (name: Name) => (services.get(name) ?? expect.fail()).service;

beforeAll(async () => {
  range = new KillRange(Object.fromEntries([...services].map(([name, { target }]) => [name, target])));
  await Promise.all([...services.values()].map(({ service }) => service.start(noHurry())));
});
afterAll(() => {
  range?.[Symbol.dispose]();
  for (const { file } of services.values()) process.kill(-Number(readFileSync(file, 'utf8')), 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const down = (kind: string, target: Name, wish = {}): KillCase => ({
  doom: { kind, target, with: wish },
  present: async () => (await serviceOf(target).life()) === undefined,
});
const frozen = (target: Name): KillCase => ({
  doom: { kind: 'process.pause', target, with: {} },
  present: async () => (await serviceOf(target).paused()).length > 0,
});

describe('A service whose drill is killed by SIGKILL', () => {
  test.concurrent.each([
    down('process.kill', 'killed'),
    frozen('frozen'),
    down('process.restart', 'restarted', { down: '10m' }),
  ])(
    'lives and runs again within 5 s after $doom.kind, whenever the runner dies',
    (kind) => range.killAll(kind),
    killRounds * 60_000,
  );

  test.concurrent.each([
    { ...down('process.kill', 'killed-alone'), how: 'SIGKILL' as const },
    { ...frozen('frozen-alone'), how: 'SIGSTOP' as const },
  ])(
    'has only its leash when the watchdog is dead too, and that suffices for $doom.kind ($how)',
    ({ how, ...kind }) => range.killWatchdogToo(kind, how),
    60_000,
  );
});
