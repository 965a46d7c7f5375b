import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { action, ExperimentFolder, shell, steadyState } from './testing/experiment-run.ts';

const touch = (name: string) => action(`touch ${name}`, ['touch', name]);

describe.concurrent('`andon drill run` with an experiment', () => {
  it('refuses programs by name without --allow-process, and touches nothing.', async () => {
    using folder = new ExperimentFolder({
      method: [touch('a')],
      rollbacks: [touch('b')],
      ...steadyState('true'),
    });
    const { code, stderr } = await folder.run();
    expect(code).toBe(2);
    for (const line of ['touch a: touch', 'touch b: touch', 'steady: sh', '--allow-process'])
      expect(stderr).toContain(line);
    expect([folder.has('a'), folder.has('b'), folder.has('j.json')]).toEqual([false, false, false]);
  });

  it('passes when everything came true, and needs neither andon.yaml nor lab.', async () => {
    using folder = new ExperimentFolder({ method: [touch('a')], ...steadyState('true') });
    const { code, stdout } = await folder.run('--allow-process');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'passed      t\n' });
    expect(folder.journal()).toMatchObject({ status: 'completed', deviated: false });
    expect([folder.has('a'), folder.has('.andon')]).toEqual([true, false]);
  });

  it('ends with 1 and without its method when the steady state is missed before it.', async () => {
    using folder = new ExperimentFolder({ method: [touch('a')], ...steadyState('exit 1') });
    const { code, stderr } = await folder.run('--allow-process');
    expect(code).toBe(1);
    expect(stderr).toContain('steady was not within its tolerance before the method; the method was not run');
    expect(folder.has('a')).toBe(false);
  });

  it('ends with 5 when a rollback fails, and says so.', async () => {
    using folder = new ExperimentFolder({
      method: [touch('a')],
      rollbacks: [
        action('heal', ['sleep', '30'], {
          provider: { type: 'process', path: 'sleep', arguments: ['30'], timeout: 0.1 },
        }),
        touch('b'),
      ],
    });
    const { code, stderr } = await folder.run('--allow-process');
    expect(code).toBe(5);
    expect(stderr).toContain('Rollbacks failed: heal.');
    expect(folder.has('b')).toBe(true);
  });

  it('ends with 3 when a program is missing, and touches nothing.', async () => {
    using folder = new ExperimentFolder({ method: [touch('a'), action('gone', ['no-such-program'])] });
    const { code, stderr } = await folder.run('--allow-process');
    expect(code).toBe(3);
    expect(stderr).toContain('no-such-program (gone)');
    expect(folder.has('a')).toBe(false);
  });

  it('ends with 2 when the journal cannot be written, an environment variable or a --var is wrong.', async () => {
    using folder = new ExperimentFolder({
      configuration: { port: 80, host: { type: 'env', key: 'ANDON_TEST_NEVER_SET' } },
      secrets: { g: { pw: { type: 'env', key: 'ANDON_TEST_NEVER_SET_EITHER' } } },
    });
    mkdirSync(folder.file('dir'));
    const missing = await folder.run();
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'ANDON_TEST_NEVER_SET (configuration host), ANDON_TEST_NEVER_SET_EITHER (secret pw)',
      ),
    });
    const slip = await folder.run('--var', 'prt=1');
    expect(slip).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "port"?') });
    const type = await folder.run('--var', 'port:int=x');
    expect(type).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--var port: the value is not a whole number'),
    });
    const journal = await folder.run('--journal', 'dir', '--var', 'host=h', '--var-file', 'e.json');
    expect(journal.code).toBe(2);
  });

  it('refuses options of drills, and drills refuse options of experiments.', async () => {
    using folder = new ExperimentFolder({});
    expect(await folder.run('--lab')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--lab is only for drills'),
    });
    writeFileSync(folder.file('d.yaml'), 'id: d\n');
    const { runCli } = await import('../../cli/testing/run-cli.ts');
    const drill = await runCli(folder.path, 'drill', 'run', folder.file('d.yaml'), '--allow-process');
    expect(drill).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--allow-process is only for experiments'),
    });
  });

  it('asks a tolerance that is a process, and believes its status.', async () => {
    const judged = (script: string) => ({
      'steady-state-hypothesis': {
        title: 'h',
        probes: [
          {
            ...shell('steady', 'echo 7'),
            type: 'probe',
            tolerance: {
              type: 'probe',
              name: 'judge',
              provider: { type: 'process', path: 'sh', arguments: { '-c': script } },
            },
          },
        ],
      },
    });
    // An object is flattened: sh -c SCRIPT value TEXT, so that $1 is the value.
    using good = new ExperimentFolder(judged('echo "$1" | grep -q 7'));
    using bad = new ExperimentFolder(judged('echo "$1" | grep -q 8'));
    expect((await good.run('--allow-process')).code).toBe(0);
    expect((await bad.run('--allow-process')).code).toBe(1);
  });

  it('in a dry run does nothing at all, not even for the configuration.', async () => {
    using folder = new ExperimentFolder({
      configuration: { c: { ...touch('c'), type: 'probe' } },
      method: [touch('a')],
      rollbacks: [touch('b')],
      ...steadyState('touch d'),
    });
    expect((await folder.run('--allow-process', '--dry', 'activities')).code).toBe(0);
    expect(['a', 'b', 'c', 'd'].filter((name) => folder.has(name))).toEqual([]);
    expect(folder.journal().run).toMatchObject([{ status: 'succeeded', output: null }]);
  });

  it('says what is in it without effect.', async () => {
    using folder = new ExperimentFolder({
      controls: [{ name: 'c', provider: { type: 'python', module: 'my.control' } }],
      method: [{ ...touch('a'), tolerance: 0 }],
    });
    const { code, stderr } = await folder.run('--allow-process');
    expect(code).toBe(0);
    expect(stderr).toContain('controls are Python code and are not run here');
    expect(stderr).toContain('touch a: a tolerance outside the hypothesis is judged by nobody');
  });
});

describe('`andon drill plan` with an experiment', () => {
  it('prints everything that would happen and does nothing.', async () => {
    const { runCli } = await import('../../cli/testing/run-cli.ts');
    using folder = new ExperimentFolder({
      secrets: { g: { pw: 'hunter-two' } },
      method: [
        { ...touch('a'), background: true },
        {
          type: 'action',
          name: 'call',
          pauses: { after: 5 },
          provider: { type: 'http', method: 'delete', url: 'http://h/${pw}', timeout: [1, 2] },
        },
      ],
      rollbacks: [
        { type: 'action', name: 'text', provider: { type: 'process', path: 'echo', arguments: 'a | b' } },
      ],
      ...steadyState('true'),
    });
    const { code, stdout } = await runCli(folder.path, 'drill', 'plan', 'e.json');
    expect(code).toBe(0);
    for (const line of [
      'Steady state: h (default)',
      '- probe steady: runs sh -c true',
      'must be: 0',
      '- action touch a: runs touch a (in the background)',
      '- action call: DELETE http://h/${pw} (5 s of pause after, at most 1 and 2 s)',
      'Rollbacks (default)',
      '- action text: runs echo a | b (read by /bin/sh)',
    ])
      expect(stdout).toContain(line);
    expect(folder.has('a')).toBe(false);
  });
});

describe('A journal that cannot be written any more', () => {
  it('keeps no rollback from being played.', async () => {
    using folder = new ExperimentFolder({
      method: [shell('shut', 'chmod 500 jdir')],
      rollbacks: [touch('back')],
    });
    mkdirSync(folder.file('jdir'));
    // As root every folder can be written: there it is taken away instead.
    const asRoot = process.getuid?.() === 0;
    if (asRoot)
      writeFileSync(
        folder.file('e.json'),
        folder.read('e.json').replace('chmod 500 jdir', 'rm -r jdir; touch jdir'),
      );
    const { code, stderr } = await folder.run('--allow-process', '--journal', 'jdir/j.json');
    if (!asRoot) chmodSync(folder.file('jdir'), 0o700);
    expect(code).toBe(1);
    expect(stderr).toContain('the journal could not be written');
    expect(folder.has('back')).toBe(true);
  });
});
