import { expect, test } from 'vitest';
import { runbookRun, toReport } from './runbook-run.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();
const step = (position: number, more: object = {}) => ({
  ...{ step: 'sql', position, phase: 'do', outcome: 'succeeded', finishedAt: at(position) },
  ...more,
});
const reported = (more: object) =>
  toReport(
    runbookRun.parse({
      ...{ runbook: 'mend', alert: 'Broken', startedAt: at(0), finishedAt: at(9), outcome: 'succeeded' },
      ...{ state: 'succeeded', reason: '', verifiedAt: at(9), steps: [step(1), step(2)] },
      ...more,
    }),
  );

test('A run has healed when its last step had succeeded, and is verified when its checks had come true.', () => {
  expect(reported({})).toEqual({
    ...{ name: 'mend', alert: 'Broken', startedAt: at(0), finishedAt: at(9), outcome: 'succeeded' },
    ...{ healedAt: at(2), verifiedAt: at(9), state: 'succeeded' },
  });
});

test('What was tried again counts by the attempt that succeeded; what failed and what was taken back heal nothing.', () => {
  const again = [step(1, { outcome: 'failed' }), step(1, { finishedAt: at(5) })];
  expect(reported({ steps: again }).healedAt).toBe(at(5));
  const failed = { outcome: 'failed', verifiedAt: null, steps: [step(1, { outcome: 'failed' })] };
  expect(reported(failed)).toMatchObject({ healedAt: null, verifiedAt: null });
  const back = {
    outcome: 'compensated',
    steps: [step(1), step(2, { outcome: 'failed' }), step(1, { phase: 'undo' })],
  };
  expect(reported(back).healedAt).toBeNull();
});

test('A run that waits says for whom, and one that is at a step says at which.', () => {
  const waits = { outcome: 'running', startedAt: null, finishedAt: null, verifiedAt: null, steps: [] };
  const asked = { ...waits, state: 'awaiting-approval', reason: 'no drill has proven it yet\nthe plan' };
  expect(reported(asked)).toMatchObject({ state: 'awaiting-approval', reason: 'no drill has proven it yet' });
  const at2 = step(2, { step: 'approve', outcome: 'running', finishedAt: null });
  const under = { ...waits, startedAt: at(0), state: 'running', steps: [step(1), at2] };
  expect(reported(under).reason).toBe('it is at step 2 (approve)');
});

test('An older service that shows less is understood.', () => {
  const old = { runbook: 'mend', startedAt: at(0), finishedAt: at(9), outcome: 'succeeded' };
  expect(toReport(runbookRun.parse(old))).toMatchObject({ alert: '', healedAt: null, verifiedAt: null });
});
