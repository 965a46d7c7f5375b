import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../kit/clock.ts';
import { modulePath } from '../kit/module-path.ts';
import { readJournal } from './journal.ts';
import { tempFolder } from './testing/temp-folder.ts';
import { UndoLog } from './undo-log.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';
import { runWatchdog } from './watchdog-main.ts';

function place(run = 'r1') {
  const folder = tempFolder();
  const configFile = path.join(folder, 'targets.json');
  writeFileSync(configFile, '{}');
  const undoLog = new UndoLog(path.join(folder, 'undo-log.ndjson'), systemClock);
  const journalFile = path.join(folder, run, 'journal.ndjson');
  mkdirSync(path.dirname(journalFile));
  const files = { run, configFile, journalFile, undoLogFile: undoLog.file };
  const open = (undo: { mark: string } | { target: string }) =>
    undoLog.open({
      run,
      fault: 'load',
      target: 'mes',
      configFile,
      undo:
        'mark' in undo
          ? { kind: 'process.end-marked', ...undo }
          : { kind: 'link.restore', holder: 'x', ...undo },
    });
  return { folder, files, undoLog, open };
}

const standIn = {
  command: process.execPath,
  args: [modulePath(import.meta.url, './testing/andon-stand-in')],
};

const runs = ({ pid }: Watchdog): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('A watchdog as a process', () => {
  test('that is dismissed ends without touching anything, in a session of its own all the while', async () => {
    const { files, undoLog, open } = place();
    const watchdog = await startWatchdog({ ...files, self: standIn });
    const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    expect(session(watchdog.pid)).toBe(String(watchdog.pid));
    open({ mark: 'of nobody' });
    watchdog.dismiss();
    await watchdog[Symbol.asyncDispose]();
    expect(runs(watchdog)).toBe(false);
    expect(undoLog.pending()).toHaveLength(1);
    expect(readJournal(files.journalFile)).toEqual([]);
    expect(await Promise.race([watchdog.lost, 'in peace'])).toBe('in peace');
  });

  test('that is left without a dismissal has undone everything when the scope is left', async () => {
    const { files, undoLog, open } = place();
    {
      await using watchdog = await startWatchdog({ ...files, self: standIn });
      open({ mark: `mark of ${watchdog.pid}` });
    }
    expect(undoLog.pending()).toEqual([]);
    expect(readJournal(files.journalFile)).toMatchObject([
      { type: 'watchdog', undone: ['load on mes (run r1)'], errors: [] },
    ]);
  });

  test('that dies says so', async () => {
    const { files } = place();
    await using watchdog = await startWatchdog({ ...files, self: standIn });
    process.kill(watchdog.pid, 'SIGTERM');
    process.kill(watchdog.pid, 'SIGKILL');
    expect(await watchdog.lost).toBe('SIGKILL');
  });

  test('that cannot start is an error with its own words', async () => {
    const { files } = place();
    writeFileSync(files.configFile, '{"mes": {"kind": "toaster"}}');
    await expect(startWatchdog({ ...files, self: standIn })).rejects.toThrow(
      /did not start: [\s\S]*ZodError/,
    );
    const nothing = { command: '/no/such/andon', args: [] };
    await expect(startWatchdog({ ...files, self: nothing })).rejects.toThrow('did not start');
  });
});

describe('The work of a watchdog', () => {
  /** A clock whose sleeps are over at once, and which notes when they began. */
  function hastyClock(): Clock & { slept: number[] } {
    let now = Date.now();
    const slept: number[] = [];
    const sleep = async (ms: number) => {
      slept.push(ms);
      now += ms;
    };
    return { slept, now: () => now, sleep };
  }

  test('is tried again for a minute, then left to a person with the way to do it', async () => {
    const { files, undoLog, open } = place();
    open({ target: 'no-link' });
    const clock = hastyClock();
    const stdin = new PassThrough();
    const work = runWatchdog({ ...files, stdin, stdout: new PassThrough(), targets: {}, fetch, clock });
    stdin.end();
    const { failed } = await work;
    expect(failed).toMatchObject([{ error: 'no target is called "no-link"' }]);
    const seconds = clock.slept.reduce((sum, ms) => sum + ms, 0) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(60);
    expect(seconds).toBeLessThan(62);
    expect(undoLog.pending()).toHaveLength(1);
    expect(readJournal(files.journalFile)).toMatchObject([
      { undone: [], errors: [expect.stringContaining('Restart the proxy of link no-link')] },
    ]);
  });

  test('leaves the faults of other runs in', async () => {
    const { files, undoLog } = place('r1');
    const other = { run: 'r2', fault: 'load', target: 'mes', configFile: files.configFile };
    undoLog.open({ ...other, undo: { kind: 'process.end-marked', mark: 'of nobody' } });
    const stdin = new PassThrough();
    const work = runWatchdog({
      ...files,
      stdin,
      stdout: new PassThrough(),
      targets: {},
      fetch,
      clock: hastyClock(),
    });
    stdin.destroy(new Error('broken pipe'));
    expect(await work).toEqual({ undone: [], failed: [] });
    expect(undoLog.pending()).toHaveLength(1);
  });

  test('is written on a line of its own where the runner died in the middle of a line', async () => {
    const { files } = place();
    const note = { type: 'note', at: '2030-01-01T00:00:00.000Z', text: 'all is well' };
    appendFileSync(files.journalFile, `${JSON.stringify(note)}\n{"type":"note","at":"2030-01-0`);
    const stdin = new PassThrough();
    const work = runWatchdog({
      ...files,
      stdin,
      stdout: new PassThrough(),
      targets: {},
      fetch,
      clock: hastyClock(),
    });
    stdin.end('by');
    await work;
    expect(readJournal(files.journalFile)).toMatchObject([
      note,
      { type: 'watchdog', undone: [], errors: [] },
    ]);
  });
});
