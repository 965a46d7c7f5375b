import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startTimeOf } from '../../kit/process-identity.ts';
import { waitFor } from '../../kit/wait.ts';
import { ExperimentFolder, shell, steadyState } from './testing/experiment-run.ts';

const patience = { timeoutMs: 30_000, everyMs: 50 };
/** Writes its own pid and then waits for a very long time. */
const endless = (file: string) => `echo $$ > ${file}.draft; mv ${file}.draft ${file}; exec sleep 600`;

const broken = (more: Record<string, unknown> = {}) =>
  new ExperimentFolder({
    method: [
      shell('beside', endless('beside'), { background: true }),
      shell('break', `touch broken; ${endless('long')}`),
      shell('never', 'touch never'),
    ],
    rollbacks: [shell('heal', 'rm broken; touch healed')],
    ...more,
  });

/** Starts it, waits until both of its programs run, and gives their pids. */
async function begun(folder: ExperimentFolder, ...options: string[]) {
  const { child, ended } = folder.start(...options);
  await waitFor(() => folder.has('beside') && folder.has('long'), { what: 'the method', ...patience });
  return { child, ended, pids: [Number(folder.read('beside')), Number(folder.read('long'))] };
}

const gone = (pids: readonly number[]) => pids.every((pid) => startTimeOf(pid) === undefined);

describe.concurrent('An experiment that is stopped', () => {
  it('by SIGTERM ends its programs, plays its rollbacks and ends with 4.', async () => {
    using folder = broken();
    const { child, ended, pids } = await begun(folder);
    child.kill('SIGTERM');
    const { code, output } = await ended;
    expect(code).toBe(4);
    expect(output).toContain('stopped by SIGTERM');
    expect(gone(pids)).toBe(true);
    expect([folder.has('healed'), folder.has('broken'), folder.has('never')]).toEqual([true, false, false]);
    const journal = folder.journal();
    expect(journal).toMatchObject({ status: 'interrupted', rollbacks: [{ status: 'succeeded' }] });
    expect(journal.run.map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  it('twice by Ctrl-C still plays its rollbacks to their end.', async () => {
    using folder = broken({
      rollbacks: [
        shell('heal', 'touch healing; while [ ! -e enough ]; do sleep 0.05; done; rm broken; touch healed'),
      ],
    });
    const { child, ended } = await begun(folder);
    child.kill('SIGINT');
    await waitFor(() => folder.has('healing'), { what: 'the rollback', ...patience });
    child.kill('SIGINT');
    child.kill('SIGTERM');
    await waitFor(() => folder.journal().rollbacks.length === 1, { what: 'the journal', ...patience });
    (await import('node:fs')).writeFileSync(folder.file('enough'), '');
    expect((await ended).code).toBe(4);
    expect(folder.has('healed')).toBe(true);
  });

  it('plays no rollback when it is told never to.', async () => {
    using folder = broken();
    const { child, ended, pids } = await begun(folder, '--rollback-strategy', 'never');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(4);
    expect([folder.has('broken'), gone(pids)]).toEqual([true, true]);
  });

  it('before its method has nothing to roll back.', async () => {
    using folder = broken(steadyState(endless('probing')));
    const { child, ended } = folder.start();
    await waitFor(() => folder.has('probing'), { what: 'the probe', ...patience });
    child.kill('SIGTERM');
    expect((await ended).code).toBe(4);
    expect([folder.has('healed'), folder.has('beside')]).toEqual([false, false]);
    expect(folder.journal()).toMatchObject({ status: 'interrupted', run: [], rollbacks: [] });
  });

  it('by SIGKILL leaves no program behind, and a journal that says what had begun.', async () => {
    using folder = broken();
    const { child, pids } = await begun(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await waitFor(() => gone(pids), { what: 'the end of its programs', ...patience });
    const journal = folder.journal();
    expect(journal).toMatchObject({ status: null, rollbacks: [] });
    expect(journal.run.map(({ activity, status }) => [activity.name, status])).toEqual([
      ['beside', undefined],
      ['break', undefined],
    ]);
  });
});

describe('What a program leaves running', () => {
  it('is ended with the run when it was in the background, and is left alone when it was not.', async () => {
    const leaves = (file: string) =>
      `sh -c '${endless(file)}' > /dev/null 2>&1 & while [ ! -e ${file} ]; do sleep 0.05; done`;
    using folder = new ExperimentFolder({
      method: [shell('beside', leaves('beside'), { background: true }), shell('service', leaves('service'))],
    });
    const { ended } = folder.start();
    expect((await ended).code).toBe(0);
    const [beside, service] = [Number(folder.read('beside')), Number(folder.read('service'))];
    try {
      expect([gone([beside]), gone([service])]).toEqual([true, false]);
    } finally {
      process.kill(service, 'SIGKILL');
    }
  });
});
