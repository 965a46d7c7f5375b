import { expect, test } from 'vitest';
import { tempFolder } from '../testing/temp-folder.ts';
import { RunStore } from './store.ts';

test('A cron trigger is known since it was first seen; one that was taken away and comes back begins anew.', () => {
  using folder = tempFolder();
  using store = new RunStore(folder.file('runs.sqlite'));
  const [nightly, hourly] = [
    { runbook: 'repair', pattern: '0 2 * * *' },
    { runbook: 'look', pattern: '0 * * * *' },
  ];
  expect(store.crons.since(nightly)).toBe(Number.POSITIVE_INFINITY);
  store.crons.note([nightly, hourly], 1000);
  store.crons.note([nightly], 2000);
  expect(store.crons.since(nightly)).toBe(1000);
  store.crons.note([nightly, hourly], 3000);
  expect([nightly, hourly].map((cron) => store.crons.since(cron))).toEqual([1000, 3000]);
});
