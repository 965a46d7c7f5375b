import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../kit/clock.ts';
import { SparseLog } from './sparse-log.ts';
import { Wake } from './wake.ts';

describe('The sparse log', () => {
  it('says a failure that repeats once in ten seconds, with how many were left out; another topic at once.', () => {
    const lines: Record<string, unknown>[] = [];
    let now = 0;
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    const log = new SparseLog(
      pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
      clock,
    );
    for (now = 0; now < 10_000; now += 1000) log.failure('away', new Error('refused'));
    log.failure('late', new Error('slow'));
    log.failure('away', new Error('refused'));
    expect(lines.map(({ msg, unsaid }) => [msg, unsaid])).toEqual([
      ['away', undefined],
      ['late', undefined],
      ['away', 9],
    ]);
  });
});

describe('A wake', () => {
  const never: Clock = {
    now: () => 0,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  };

  it('ends the sleep by a call, also by one that came before it, and by the end of all.', async () => {
    const end = new AbortController();
    const wake = new Wake(end.signal);
    wake.call();
    await wake.sleep(never, 1000);
    const asleep = wake.sleep(never, 1000);
    wake.call();
    await asleep;
    const last = wake.sleep(never, 1000);
    end.abort();
    await last;
  });
});
