import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { waitFor } from '../kit/wait.ts';
import { markedProcesses, markVariable } from './marked-processes.ts';
import { revert } from './undo.ts';

const deps = { targets: {}, fetch };
const noHurry = () => AbortSignal.timeout(30_000);

/** Starts a shell with a mark; resolves with the words of its first line. */
async function shell(script: string, mark: string): Promise<{ child: ChildProcess; said: string[] }> {
  const child = spawn('sh', ['-c', script], {
    env: { ...process.env, [markVariable]: mark },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  onTestFinished(() => {
    if (child.pid !== undefined && groupRuns(child.pid)) process.kill(-child.pid, 'SIGKILL');
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, said: String(line).split(' ') };
}

const groupRuns = (pid: number): boolean => runs(-pid);

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('Marked processes', () => {
  test('are found with their descendants, even those that have washed the mark off, and nobody else is', async () => {
    const mark = randomUUID();
    const { child, said } = await shell('env -i sleep 600 & echo $!; wait', mark);
    await shell('echo; sleep 600', `${mark}-other`);
    const found = markedProcesses(mark).map(({ pid }) => pid);
    expect(found.toSorted()).toEqual([child.pid, Number(said[0])].toSorted());
  });

  test('never are the process that looks and those it descends from, marked as they may be', async () => {
    const mark = randomUUID();
    const look = `
      import { spawn } from 'node:child_process';
      import { markedProcesses } from '${new URL('./marked-processes.ts', import.meta.url)}';
      const child = spawn('sleep', ['600'], { stdio: 'ignore' });
      child.once('spawn', () => {
        console.log(child.pid, ...markedProcesses('${mark}').map(({ pid }) => pid));
        child.kill();
      });`;
    const { said } = await shell(`'${process.execPath}' --input-type=module -e "${look}"; :`, mark);
    const [sleeper, ...found] = said;
    expect(found).toEqual([sleeper]);
  });

  test('are ended with the whole tree, politely where that works and by force where it does not', async () => {
    const mark = randomUUID();
    const stubborn = await shell(
      'trap "" TERM; env -i sleep 600 & echo $!; while :; do wait; sleep 1; done',
      mark,
    );
    const polite = await shell('trap "exit 7" TERM; echo; while :; do sleep 0.05; done', mark);
    const ends = [stubborn.child, polite.child].map((child) => once(child, 'exit'));
    // Time stands still until the polite one has gone, however long that takes on a busy computer.
    const begin = Date.now();
    let goneAt: number | undefined;
    polite.child.once('exit', () => {
      goneAt = Date.now();
    });
    const now = () => begin + (goneAt === undefined ? 0 : Date.now() - goneAt);
    await revert(
      { kind: 'process.end-marked', mark },
      { ...deps, clock: { ...systemClock, now } },
      noHurry(),
    );
    expect(await Promise.all(ends)).toEqual([
      [null, 'SIGKILL'],
      [7, null],
    ]);
    await waitFor(() => !runs(Number(stubborn.said[0])), {
      what: 'the end of the grandchild',
      timeoutMs: 20_000,
    });
    await revert({ kind: 'process.end-marked', mark }, deps, noHurry());
  });

  test('with another mark survive', async () => {
    const mark = randomUUID();
    const { child } = await shell('echo; sleep 600', mark);
    await revert({ kind: 'process.end-marked', mark: mark.slice(1) }, deps, noHurry());
    expect(markedProcesses(mark).map(({ pid }) => pid)).toContain(child.pid);
  });
});
