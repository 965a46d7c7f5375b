import { expect, test } from 'vitest';
import { whoEnded } from './who-ended.ts';

const injectedAt = Date.parse('2026-11-22T10:00:00.000Z');
const service = (...startedAt: (string | null)[]) => ({
  runs: async () =>
    startedAt.map((at) => ({
      name: 'restart-mes',
      alert: 'MesDown',
      startedAt: at,
      finishedAt: null,
      outcome: 'running',
    })),
});

test('What others have ended was ended by a runbook where one has been at work since the fault came in.', async () => {
  expect(await whoEnded('others', service('2026-11-22T10:00:20.000Z'), injectedAt)).toBe('runbook');
});

test('It was not where none has, where it was before the fault, or waits for somebody to agree.', async () => {
  expect(await whoEnded('others', service(), injectedAt)).toBe('others');
  expect(await whoEnded('others', service('2026-11-22T09:59:59.000Z', null), injectedAt)).toBe('others');
  expect(await whoEnded('others', undefined, injectedAt)).toBe('others');
});

test('A fault that knows who ended it is believed, and a runbook service that is away keeps no fault in.', async () => {
  expect(await whoEnded('lease', service('2026-11-22T10:00:20.000Z'), injectedAt)).toBe('lease');
  const away = { runs: () => Promise.reject(new Error('connection refused')) };
  expect(await whoEnded('others', away, injectedAt)).toBe('others');
});
