import { expect, test } from 'vitest';
import type { PastRun } from './history.ts';
import { overdueDrills } from './overdue.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-12-05T10:00:00.000Z');
const run = (drill: string, daysAgo: number, verdict: PastRun['verdict']): PastRun => ({
  id: `${drill}-${daysAgo}`,
  drill,
  startedAt: new Date(now - daysAgo * dayMs).toISOString(),
  verdict,
  score: null,
  dir: '',
  configFile: '/plant/andon.yaml',
});

test('A drill is overdue when it never passed, or too long ago, however often it failed since.', () => {
  const past = [
    run('db-lock', 1, 'failed'),
    run('db-lock', 40, 'passed'),
    run('network-cut', 35, 'passed'),
    run('network-cut', 70, 'passed'),
    run('load-200', 2, null),
    run('another', 100, 'passed'),
  ];
  const limits = { now, everyMs: 35 * dayMs };
  expect(overdueDrills(['db-lock', 'network-cut', 'load-200', 'queue-down'], past, limits)).toEqual([
    { drill: 'db-lock', lastPassedAt: past[1]?.startedAt },
    { drill: 'load-200', lastPassedAt: null },
    { drill: 'queue-down', lastPassedAt: null },
  ]);
});

test('What passed in the lab says nothing about the plant.', () => {
  const past = [{ ...run('db-lock', 1, 'passed'), configFile: '/lab/andon.yaml' }];
  const limits = { now, everyMs: 35 * dayMs };
  expect(overdueDrills(['db-lock'], past, { ...limits, configFile: '/plant/andon.yaml' })).toHaveLength(1);
  expect(overdueDrills(['db-lock'], past, { ...limits, configFile: '/lab/andon.yaml' })).toEqual([]);
});
