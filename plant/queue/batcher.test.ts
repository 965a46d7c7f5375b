import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { SparseLog } from '../sparse-log.ts';
import { type Apply, Batcher } from './batcher.ts';

const refused = () => Object.assign(new pg.DatabaseError('bad value', 9, 'error'), { code: '22003' });

function batcherOf(apply: Apply<number>, signal = new AbortController().signal): Batcher<number> {
  const options = { size: 3, delayMs: 5, maxAttempts: 2, retryDelayMs: 1 };
  return new Batcher(apply, options, systemClock, new SparseLog(silentLog, systemClock), signal);
}

describe('A batch', () => {
  it('takes those who come together, up to its size, and says when they are in.', async () => {
    const batches: number[][] = [];
    const batcher = batcherOf(async (items) => void batches.push([...items]));
    await Promise.all([1, 2, 3, 4].map((item) => batcher.add(item)));
    expect(batches).toEqual([[1, 2, 3], [4]]);
  });

  it('waits for a database that is away, however long.', async () => {
    let failures = 5;
    const batcher = batcherOf(async () => {
      if (failures-- > 0) throw new Error('connection refused');
    });
    await batcher.add(1);
    expect(failures).toBe(-1);
  });

  it('gives up only the item that the database refuses, after a limited number of attempts.', async () => {
    const applied: number[] = [];
    let attempts = 0;
    const batcher = batcherOf(async (items) => {
      if (items.includes(2)) {
        attempts += 1;
        throw refused();
      }
      applied.push(...items);
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(applied).toEqual([1, 3]);
    expect(attempts).toBe(1 + 2);
  });

  it('is handed back when the process ends.', async () => {
    const end = new AbortController();
    const batcher = batcherOf(() => Promise.reject(new Error('away')), end.signal);
    const added = expect(batcher.add(1)).rejects.toThrow('the end');
    end.abort(new Error('the end'));
    await added;
  });
});
