import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ScrapeRun } from '../collector.ts';
import { rowsOf } from './rows-expression.ts';

const runOf = (signal: AbortSignal): ScrapeRun => ({
  signal,
  remainingMs: () => 1000,
  step: (_, work) => work(),
});
const patient = runOf(new AbortController().signal);

describe('the rows of an answer', () => {
  it('are its objects, one object alone, or none', async () => {
    expect(await rowsOf('$', [{ a: 1 }, { a: 2 }], patient)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await rowsOf('pool', { pool: { waiting: 3 } }, patient)).toEqual([{ waiting: 3 }]);
    expect(await rowsOf('nothing.here', {}, patient)).toEqual([]);
  });

  it('are nothing else', async () => {
    await expect(rowsOf('$', [{ a: 1 }, 7], patient)).rejects.toThrow(
      'rows: gave 7 where an object is meant',
    );
    await expect(rowsOf('$', 'busy', patient)).rejects.toThrow('rows: gave "busy" where an object is meant');
    await expect(rowsOf('$number(a)', { a: 'x' }, patient)).rejects.toThrow(
      'rows: Unable to cast value to a number: "x" (at 8)',
    );
  });

  it('are made without keeping everybody else waiting', async () => {
    const answer = Array.from({ length: 20_000 }, (_, n) => ({ n }));
    let turns = 0;
    let isDone = false;
    const others = (async () => {
      for (; !isDone; turns += 1) await setImmediate();
    })();
    expect(await rowsOf('$.{"n": n}', answer, patient)).toHaveLength(20_000);
    isDone = true;
    await others;
    expect(turns).toBeGreaterThan(3);
  });

  it('of an expression without an end are given up when the run is over, or when it goes too deep', async () => {
    const forever = '($f := function($n) { $f($n + 1) }; $f(0))';
    const over = rowsOf(forever, {}, runOf(AbortSignal.timeout(50)));
    await expect(over).rejects.toThrow('rows: The operation was aborted due to timeout');
    const deep = '($f := function($n) { 1 + $f($n + 1) }; $f(0))';
    await expect(rowsOf(deep, {}, patient)).rejects.toThrow(/^rows: Stack overflow/);
  });
});
