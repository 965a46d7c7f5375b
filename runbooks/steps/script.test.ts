import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startTimeOf } from '../../kit/process-identity.ts';
import { waitFor } from '../../kit/wait.ts';
import { stepWorld } from '../testing/step-world.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { script } from './script.ts';

const opened = new DisposableStack();
const root = opened.use(tempFolder());
const scripts = root.file('scripts');
mkdirSync(scripts);
afterAll(() => opened.dispose());

function program(name: string, text: string, mode = 0o755): string {
  const file = path.join(scripts, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, mode);
  return file;
}

const run = (written: object, { signal = AbortSignal.timeout(30_000), folder = scripts } = {}) =>
  script.run(
    script.params.parse(written),
    stepWorld({ line: { kind: 'host' } }, { scripts: folder }),
    signal,
  );

test('It is started in the folder, with words as they are, a closed standard input and an environment of its own.', async () => {
  process.env.ANDON_TEST_SECRET = 'hidden';
  program('show', 'pwd; for word in "$@"; do echo "<$word>"; done; env; cat; echo broken >&2');
  const result = await run({
    file: 'show',
    options: ['--mode', 'fast'],
    args: ['L 1', '$(reboot)', '; rm -rf /', '`id`', '*', '"', "'", 'a\nb'],
    env: { LINE: '$HOME; reboot' },
  });
  delete process.env.ANDON_TEST_SECRET;
  expect(result).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    details: { code: 0, stderr: 'broken\n', cut: 0 },
  });
  const lines = String(result.details.stdout).split('\n');
  expect(lines[0]).toBe(scripts);
  expect(lines.slice(1, 12).join('\n')).toBe(
    `<--mode>\n<fast>\n<L 1>\n<$(reboot)>\n<; rm -rf />\n<\`id\`>\n<*>\n<">\n<'>\n<a\nb>`,
  );
  const environment = lines
    .slice(12)
    .filter((line) => /^[A-Z_]+=/.test(line) && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line));
  expect(environment.toSorted()).toEqual([
    'ANDON_OPERATION=andon-7-1-do',
    'ANDON_RUN=7',
    'ANDON_TARGET=line',
    'LANG=C.UTF-8',
    'LINE=$HOME; reboot',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
});

test('A program that fails has done nobody knows what; its last words are in the summary.', async () => {
  program('fail', 'echo so far; echo "cannot reach the PLC" >&2; exit 75');
  expect(await run({ file: 'fail' })).toMatchObject({
    outcome: 'failed',
    summary: 'fail ended with 75: cannot reach the PLC',
    touched: null,
    details: { code: 75, stdout: 'so far\n' },
  });
});

test('A value that would be an option is refused, and nothing is started.', async () => {
  const mark = root.file('started');
  program('mark', `touch ${mark}`);
  for (const value of ['--config=/x', '-', '-rf', '--'])
    expect(await run({ file: 'mark', args: ['L1', value] })).toMatchObject({
      outcome: 'refused',
      touched: 0,
    });
  expect(existsSync(mark)).toBe(false);
  expect((await run({ file: 'mark', args: ['L1'] })).outcome).toBe('succeeded');
  expect(existsSync(mark)).toBe(true);
});

test('What leaves the folder, is missing or not executable, or could have been changed by others is refused.', async () => {
  const outside = root.file('outside');
  writeFileSync(outside, '#!/bin/sh\ntrue\n', { mode: 0o755 });
  symlinkSync(outside, path.join(scripts, 'leaves'));
  mkdirSync(path.join(scripts, 'below'));
  writeFileSync(path.join(scripts, 'below', 'deep'), '#!/bin/sh\n', { mode: 0o755 });
  symlinkSync(path.join(scripts, 'below', 'deep'), path.join(scripts, 'goes-below'));
  program('plain', 'true', 0o644);
  program('shared', 'true', 0o757);
  for (const [file, why] of [
    ['leaves', 'does not lie directly'],
    ['goes-below', 'does not lie directly'],
    ['below', 'is no file'],
    ['nowhere', 'is not there'],
    ['plain', 'is not executable'],
    ['shared', 'everybody may write'],
  ] as const) {
    const result = await run({ file });
    expect(result, file).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(result.summary).toContain(why);
  }
});

test.for(['/bin/sh', '../outside', 'below/deep', '..', '.', '.hidden', '-x', '', 'a b', '${inputs.x}'])(
  'A file with a path is a mistake in the file, and refused when it is carried out: %j',
  async (file) => {
    expect(script.params.safeParse({ file }).success).toBe(false);
    const params = { ...script.params.parse({ file: 'x' }), file };
    const world = stepWorld({}, { scripts });
    expect(await script.run(params, world, AbortSignal.timeout(30_000))).toMatchObject({
      outcome: 'refused',
      touched: 0,
    });
  },
);

test('A symbolic link inside of the folder is as good as the file, and the folder itself may be one.', async () => {
  program('real', 'echo real');
  symlinkSync('real', path.join(scripts, 'alias'));
  symlinkSync(scripts, root.file('link-to-scripts'));
  const result = await run({ file: 'alias' }, { folder: root.file('link-to-scripts') });
  expect(result).toMatchObject({ outcome: 'succeeded', details: { stdout: 'real\n' } });
});

test('No folder, one that is not there, and one that everybody may write are refused.', async () => {
  program('fine', 'true');
  const world = stepWorld();
  const params = script.params.parse({ file: 'fine' });
  const unset = await script.run(params, world, AbortSignal.timeout(30_000));
  expect(unset).toMatchObject({ outcome: 'refused', summary: expect.stringContaining('runbooks.scripts') });
  expect((await run({ file: 'fine' }, { folder: root.file('nowhere') })).outcome).toBe('refused');
  const open = root.file('open');
  mkdirSync(open);
  writeFileSync(path.join(open, 'fine'), '#!/bin/sh\n', { mode: 0o755 });
  expect((await run({ file: 'fine' }, { folder: open })).outcome).toBe('succeeded');
  chmodSync(open, 0o777);
  expect((await run({ file: 'fine' }, { folder: open })).outcome).toBe('refused');
});

test.runIf(process.getuid?.() === 0)('What belongs to another user is refused.', async () => {
  chownSync(program('foreign', 'true'), 54_321, 0);
  const result = await run({ file: 'foreign' });
  expect(result).toMatchObject({ outcome: 'refused', summary: expect.stringContaining('another user') });
});

test('A stopped step ends the whole group, also who does not listen to SIGTERM.', async () => {
  const pids = root.file('pids');
  program('stubborn', `trap '' TERM; sleep 1000 & echo $$ $! > ${pids}; while true; do sleep 1; done`);
  const stop = new AbortController();
  const running = run({ file: 'stubborn' }, { signal: stop.signal });
  const written = () => (existsSync(pids) ? readFileSync(pids, 'utf8').trim().split(' ').map(Number) : []);
  await waitFor(() => written().length === 2, { what: 'the program', timeoutMs: 20_000 });
  stop.abort(new Error('time is over'));
  expect(await running).toMatchObject({
    outcome: 'failed',
    summary: 'stubborn was ended by SIGKILL, because the step was stopped',
    touched: null,
  });
  expect(written().map(startTimeOf)).toEqual([undefined, undefined]);
});

test('What a program leaves behind in its group is ended with it.', async () => {
  const pid = root.file('left');
  program('leaves-behind', `sleep 1000 & echo $! > ${pid}; echo done`);
  expect(await run({ file: 'leaves-behind' })).toMatchObject({
    outcome: 'succeeded',
    details: { stdout: 'done\n' },
  });
  const left = Number(readFileSync(pid, 'utf8'));
  await waitFor(() => startTimeOf(left) === undefined, { what: 'its end', timeoutMs: 20_000 });
});

test('Of a long output the end is kept, and how much is missing is said.', async () => {
  program('chatty', `head -c 1000000 /dev/zero | tr '\\0' x; echo end`);
  const { details } = await run({ file: 'chatty' });
  expect(String(details.stdout)).toHaveLength(64 * 1024);
  expect(String(details.stdout).endsWith('xend\n')).toBe(true);
  expect(details.cut).toBe(1_000_004 - 64 * 1024);
});

test('What cannot be started at all has changed nothing.', async () => {
  const file = program('no-interpreter', '');
  writeFileSync(file, '#!/nowhere/sh\n');
  expect(await run({ file: 'no-interpreter' })).toMatchObject({ outcome: 'failed', touched: 0 });
  const stopped = await run({ file: 'no-interpreter' }, { signal: AbortSignal.abort(new Error('stopped')) });
  expect(stopped).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: expect.stringContaining('before'),
  });
});

test.for(['LD_PRELOAD', 'PATH', 'NODE_OPTIONS', 'BASH_ENV', 'ANDON_RUN', 'lower', 'A B', 'PYTHONPATH'])(
  'An environment that changes what the program does is a mistake in the file: %s',
  (name) => {
    expect(script.params.safeParse({ file: 'x', env: { [name]: '1' } }).success).toBe(false);
  },
);

test('A plan shows every word, and only an author says that it may be repeated.', () => {
  const params = script.params.parse({
    file: 'restart',
    options: ['--soft'],
    args: ['L1'],
    env: { WHY: 'stuck' },
  });
  expect(script.plan(params, stepWorld({}, { scripts: '/etc/andon/scripts' }))).toMatchObject([
    {
      does: 'run ["restart","--soft","L1"] with {"WHY":"stuck"}',
      on: 'this computer, in /etc/andon/scripts',
    },
  ]);
  expect(script.repeatable(params)).toBe(false);
  expect(script.repeatable({ ...params, repeatable: true })).toBe(true);
  expect(script.placeholders).toEqual({ file: 'refused', options: 'refused' });
});
