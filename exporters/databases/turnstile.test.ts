import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.ts';

const patient = new AbortController().signal;

describe('a turnstile', () => {
  it('lets one in at a time, in the order in which they came.', async () => {
    const turnstile = new Turnstile();
    const order: string[] = [];
    const pass = async (what: string) => {
      using _turn = await turnstile.enter(patient, what);
      order.push(`${what} in`);
      await Promise.resolve();
      order.push(`${what} out`);
    };
    await Promise.all(['a', 'b', 'c'].map(pass));
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('lets whoever was quick the last time pass those who were slow.', async () => {
    let now = 0;
    const turnstile = new Turnstile(() => now);
    for (const [what, ms] of [
      ['slow', 30],
      ['quick', 0],
    ] as const) {
      using _turn = await turnstile.enter(patient, what);
      now += ms;
    }
    const inside = await turnstile.enter(patient);
    const order: string[] = [];
    const waiting = ['slow', 'slow', 'quick'].map(async (what) => {
      using _turn = await turnstile.enter(patient, what);
      order.push(what);
    });
    inside[Symbol.dispose]();
    await Promise.all(waiting);
    expect(order).toEqual(['quick', 'slow', 'slow']);
  });

  it('sends away who cannot wait any longer, and lets the next one in all the same.', async () => {
    const turnstile = new Turnstile();
    const inside = await turnstile.enter(patient);
    const impatient = new AbortController();
    const gone = turnstile.enter(impatient.signal);
    const next = turnstile.enter(patient);
    impatient.abort();
    await expect(gone).rejects.toThrow('the database was still busy with another collector');
    inside[Symbol.dispose]();
    (await next)[Symbol.dispose]();
    // Nobody is inside any more: who comes now need not wait.
    (await turnstile.enter(patient))[Symbol.dispose]();
  });

  it('does not let anybody in whose time is over before he comes.', async () => {
    await expect(new Turnstile().enter(AbortSignal.abort())).rejects.toThrow('still busy');
  });

  it('counts a turn once, however often its end is told.', async () => {
    const turnstile = new Turnstile();
    const first = await turnstile.enter(patient);
    first[Symbol.dispose]();
    const second = await turnstile.enter(patient);
    first[Symbol.dispose]();
    let isIn = false;
    const third = turnstile.enter(patient).then((turn) => {
      isIn = true;
      return turn;
    });
    await Promise.resolve();
    expect(isIn).toBe(false);
    second[Symbol.dispose]();
    (await third)[Symbol.dispose]();
  });
});
