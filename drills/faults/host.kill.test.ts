import { mkdirSync, readdirSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { mountSmallVolume, whyNoVolume } from '../../kit/testing/small-volume.ts';
import { markedProcesses } from '../marked-processes.ts';
import { runName } from '../run-name.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { spaceOf } from './host/disk-room.ts';

const noVolume = whyNoVolume();
const stack = new DisposableStack();
let range: KillRange;
let folder = os.tmpdir();
let logs = path.join(folder, 'logs');

beforeAll(() => {
  if (noVolume === undefined) {
    ({ folder } = stack.use(mountSmallVolume(8 * 2 ** 20)));
    // Another one: two burdens on one disk would hide each other.
    logs = path.join(stack.use(mountSmallVolume(8 * 2 ** 20)).folder, 'logs');
    mkdirSync(logs);
  }
  range = stack.use(
    new KillRange({ host: { kind: 'host', disk: folder, logs: { folder: logs, pattern: '*.log' } } }),
  );
});
afterAll(() => stack.dispose());

const burnerLives = async (run: string) => markedProcesses(runName(run)).length > 0;
const busy: KillCase = {
  doom: { kind: 'host.cpu', target: 'host', with: { workers: 1, share: 0.1, nice: 19 } },
  present: burnerLives,
};
const memory: KillCase = {
  doom: { kind: 'host.memory', target: 'host', with: { to: 0.98, at_most: '32MiB' } },
  present: burnerLives,
};
const disk: KillCase = {
  doom: { kind: 'host.disk', target: 'host', with: { to: 0.9 } },
  present: async (run) => {
    const { size, free } = spaceOf(statfsSync(folder));
    return (await burnerLives(run)) || free < size;
  },
};
const oldLogs: KillCase = {
  doom: { kind: 'host.old-logs', target: 'host', with: { to: 0.9 } },
  present: async (run) => readdirSync(logs).some((name) => name.includes(runName(run))),
};
const cases = noVolume === undefined ? [busy, memory, disk, oldLogs] : [busy, memory];
const left = noVolume === undefined ? '' : ` (host.disk and host.old-logs not tried: ${noVolume})`;

describe(`A computer whose drill is killed by SIGKILL${left}`, () => {
  test.concurrent.each(cases)(
    'is rid of $doom.kind within 5 s, whenever the runner dies',
    (kind) => range.killAll(kind),
    killRounds * 60_000,
  );
});

describe(`A computer whose drill has neither runner nor watchdog any more${left}`, () => {
  test.concurrent.each(cases.map((kind) => [kind.doom.kind, kind] as const))(
    'is rid of %s, which ends with the silence of its runner',
    (_name, kind) => range.killWatchdogToo(kind, 'SIGSTOP'),
    60_000,
  );
});
