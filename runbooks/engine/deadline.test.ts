import { expect, test } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { withDeadline } from './deadline.ts';

const outcome = <T>(work: Promise<T>) =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: String(error) }),
  );

test('Work that is done in time is left in peace.', async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  expect(await withDeadline({ what: 'it', ms: 1000 }, { clock, signal }, async () => 7)).toBe(7);
});

test('Work that never settles is left behind after the time and the grace, and not before.', async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const late = outcome(
    withDeadline({ what: 'it', ms: 1000 }, { clock, signal }, () => new Promise(() => {})),
  );
  let settled = false;
  void late.then(() => {
    settled = true;
  });
  await clock.advance(1000);
  await clock.advance(4999);
  expect(settled).toBe(false);
  await clock.advance(1);
  expect(await late).toEqual({ error: expect.stringContaining('it took longer than 1s') });
});

test('What work still achieves after it was told to stop counts, because it is done.', async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const gate = Promise.withResolvers<string>();
  const result = outcome(withDeadline({ what: 'it', ms: 1000 }, { clock, signal }, () => gate.promise));
  await clock.advance(1000);
  gate.resolve('terminated just then');
  expect(await result).toEqual({ value: 'terminated just then' });
});

test('Work is not begun when the stop has already come.', async () => {
  const clock = new ManualClock();
  const signal = AbortSignal.abort(new Error('stopped before'));
  let begun = false;
  const work = async () => {
    begun = true;
  };
  expect(await outcome(withDeadline({ what: 'it', ms: 1000 }, { clock, signal }, work))).toEqual({
    error: 'Error: stopped before',
  });
  expect(begun).toBe(false);
});
