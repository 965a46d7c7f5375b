import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { tempFolder } from './testing/temp-folder.ts';
import { type NewUndo, UndoLog, undoLogState } from './undo-log.ts';

const undo = (run: string, mark = run): NewUndo => ({
  run,
  fault: 'load',
  target: 'mes',
  undo: { kind: 'process.end-marked', mark },
  configFile: '/plant/andon.yaml',
});

const newLog = () => new UndoLog(path.join(tempFolder(), 'home', 'undo-log.ndjson'), systemClock);

describe('The undo log', () => {
  test('holds what is open, oldest first, until it is done, for one run or for all', () => {
    const log = newLog();
    expect(log.pending()).toEqual([]);
    const [first, second, third] = [log.open(undo('a')), log.open(undo('b')), log.open(undo('a'))];
    expect(log.pending().map(({ id }) => id)).toEqual([first, second, third]);
    expect(log.pending('a').map(({ id }) => id)).toEqual([first, third]);
    log.done(first, 'runner');
    log.failed(third, 'watchdog', 'the database does not answer');
    expect(log.pending('a'), 'a failed undo stays open').toMatchObject([{ id: third, ...undo('a') }]);
    expect(statSync(log.file).mode & 0o077, 'nobody else reads it').toBe(0);
  });

  test('is shared by several writers', () => {
    const log = newLog();
    const other = new UndoLog(log.file, systemClock);
    const id = log.open(undo('a'));
    other.done(id, 'watchdog');
    log.open(undo('b'));
    expect(other.pending()).toMatchObject([{ run: 'b' }]);
  });

  test('names an open undo that this version cannot read, and forgets it once it is done', () => {
    const log = newLog();
    log.open(undo('a'));
    const foreign = {
      ...undo('b'),
      type: 'open',
      id: 'x1',
      at: '2030-01-01T00:00:00.000Z',
      undo: { kind: 'reactor.cool' },
    };
    appendFileSync(log.file, `${JSON.stringify(foreign)}\n`);
    expect(log.read().problems).toEqual([expect.stringContaining('reactor.cool')]);
    expect(log.pending()).toHaveLength(1);
    log.done('x1', 'hand');
    expect(log.read().problems).toEqual([]);
  });

  test('says what was open at any byte at which a crash may have cut it, and goes on from there', () => {
    const file = path.join(tempFolder(), 'undo-log.ndjson');
    const steps = fc.array(fc.record({ text: fc.string({ unit: 'binary' }), close: fc.nat(8) }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        steps,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (history, cuts) => {
          writeFileSync(file, '');
          const log = new UndoLog(file, systemClock);
          const ids: string[] = [];
          const open = new Set<string>();
          // After each event: how long the file is, and what is open.
          const states = [{ size: 0, open: [] as string[] }];
          for (const { text, close } of history) {
            const closing = ids[close];
            if (closing === undefined) {
              const id = log.open(undo(text, text));
              ids.push(id);
              open.add(id);
            } else {
              log.done(closing, 'runner');
              open.delete(closing);
            }
            states.push({ size: statSync(file).size, open: [...open] });
          }
          // A line is complete without its newline already.
          const openAt = (size: number) => states.findLast((state) => state.size - 1 <= size)?.open;
          const bytes = readFileSync(file);
          const edges = states.flatMap(({ size }) => [size - 2, size - 1, size, size + 1]);
          const anywhere = cuts.map((where) => Math.floor(where * bytes.length));
          for (const size of [...edges, ...anywhere].filter((at) => at >= 0 && at <= bytes.length)) {
            const { pending, problems } = undoLogState(bytes.subarray(0, size).toString('utf8'));
            const ok = isDeepStrictEqual([pending.map(({ id }) => id), problems], [openAt(size), []]);
            if (!ok)
              expect.fail(`cut at byte ${size} of ${bytes.length}: ${JSON.stringify({ pending, problems })}`);
          }
          const size = anywhere[0] ?? 0;
          writeFileSync(file, bytes.subarray(0, size));
          const added = log.open(undo('after the crash'));
          expect(log.pending().map(({ id }) => id)).toEqual([...(openAt(size) ?? []), added]);
        },
      ),
      { numRuns: 15 },
    );
  });
});
