import type { Facts } from '../expectations.ts';
import { findingsOf } from '../findings.ts';
import type { Report } from '../schema.ts';
import { scoreOf } from '../score.ts';
import { at, plot, stages, wobble } from './fixture-time.ts';

const faultFrom = 9.412;
const faultTo = 27.936;
const locked = (second: number) => second > faultFrom && second < faultTo;
const end = 78.214;

const facts: Facts = {
  schema: 'andon.report/v1',
  run: {
    id: '20261122T093000Z-db-lock-3f2a',
    drill: 'db-lock',
    title: 'A forgotten transaction locks the work-order table',
    cause: 'database',
    startedAt: at(0),
    finishedAt: at(end),
    durationSeconds: end,
    version: '0.1.0',
  },
  verdict: 'passed',
  stages: stages([0, 1.204, 9.31, 27.99, 28.121, 61.437, 63.902], end),
  hypothesis: {
    before: [
      { name: 'operations succeed', value: 1, expect: '>= 0.99', ok: true },
      { name: 'nobody waits for a lock', value: 0, expect: '<= 2', ok: true },
    ],
    during: [
      { name: 'operations succeed', value: 0.417, expect: '>= 0.99', ok: false },
      { name: 'nobody waits for a lock', value: 19, expect: '<= 2', ok: false },
    ],
    after: [
      { name: 'operations succeed', value: 0.998, expect: '>= 0.99', ok: true },
      { name: 'nobody waits for a lock', value: 0, expect: '<= 2', ok: true },
    ],
  },
  faults: [
    {
      kind: 'db.lock',
      target: 'mes-db',
      injectedAt: at(faultFrom),
      liftedAt: at(faultTo),
      liftedBy: 'runbook',
      touched: 19,
      affects: 'session',
      residue: [],
    },
  ],
  alerts: [
    {
      alert: 'MesDatabaseBlocked',
      tier: 'A',
      expected: true,
      injectedAt: at(faultFrom),
      pendingAt: at(14.871),
      firingAt: at(24.871),
      deliveredAt: at(26.113),
      resolvedAt: at(44.902),
      timeToDetectSeconds: 16.701,
      boundSeconds: 26,
      ok: true,
    },
    {
      alert: 'MesOperationsFailing',
      tier: 'B',
      expected: false,
      injectedAt: at(faultFrom),
      pendingAt: at(19.877),
      firingAt: at(29.882),
      deliveredAt: at(31.004),
      resolvedAt: at(54.911),
      timeToDetectSeconds: null,
      boundSeconds: null,
      ok: true,
    },
  ],
  runbooks: [
    {
      name: 'release-db-lock',
      alert: 'MesDatabaseBlocked',
      startedAt: at(26.284),
      finishedAt: at(28.064),
      outcome: 'succeeded',
      healedAt: at(27.931),
      verifiedAt: at(28.064),
      state: 'succeeded',
    },
  ],
  proof: {
    runbook: 'release-db-lock',
    passed: true,
    delivered: true,
    text: 'it may act by itself: its last drill, db-lock at 2026-11-22T09:31:17.000Z, passed',
  },
  recovery: { seconds: 33.501, limitSeconds: 75, ok: true },
  production: {
    acknowledged: 1417,
    applied: 1417,
    lost: 0,
    duplicated: 0,
    stale: 0,
    outOfOrder: 0,
    lineStopSeconds: 18.642,
    ok: true,
    examples: [],
  },
  load: {
    users: 20,
    requests: 1216,
    ratePerSecond: 16.42,
    errorRate: 0.0478618421,
    p50Ms: 7.4,
    p95Ms: 5001.3,
    p99Ms: 5003.8,
    byStage: [
      {
        stage: 'baseline',
        requests: 118,
        ratePerSecond: 14.56,
        errorRate: 0,
        p50Ms: 6.9,
        p95Ms: 14.2,
        p99Ms: 22.7,
      },
      {
        stage: 'fault',
        requests: 71,
        ratePerSecond: 3.8,
        errorRate: 0.8169014085,
        p50Ms: 5000.9,
        p95Ms: 5003.1,
        p99Ms: 5004,
      },
      { stage: 'heal', requests: 3, ratePerSecond: 22.9, errorRate: 0, p50Ms: 9.1, p95Ms: 11.8, p99Ms: 11.8 },
      {
        stage: 'recovery',
        requests: 1024,
        ratePerSecond: 30.74,
        errorRate: 0,
        p50Ms: 7.5,
        p95Ms: 16.4,
        p99Ms: 31,
      },
    ],
  },
  series: [
    {
      name: 'operations succeed',
      unit: 'ratio',
      points: plot(end, 2, (second) =>
        second < 12 ? 1 : locked(second) ? 0.42 : Math.min(0.999, 0.42 + (second - faultTo) / 40),
      ),
    },
    {
      name: 'operations',
      unit: 'per second',
      points: plot(end, 2, (second, index) => (locked(second) ? 0.4 : 21 + wobble(index))),
    },
    {
      name: 'nobody waits for a lock',
      unit: 'sessions',
      points: plot(end, 2, (second) => (locked(second) ? Math.min(19, (second - faultFrom) * 4) : 0)),
    },
    {
      name: 'oldest lock wait',
      unit: 'seconds',
      points: plot(end, 2, (second) => (locked(second) ? second - faultFrom : 0)),
    },
    {
      name: 'messages ready',
      unit: 'messages',
      points: plot(end, 2, (second, index) =>
        second > faultTo && second < 32 ? 240 - (second - faultTo) * 60 : 2 + wobble(index),
      ),
    },
    {
      name: 'load: response time, p95',
      unit: 'ms',
      points: plot(72, 2, (second, index) => (locked(second) ? 5001 : 15 + 4 * wobble(index))),
    },
    {
      name: 'load: requests',
      unit: '1/s',
      points: plot(72, 2, (second, index) => (locked(second) ? 4 : 18 + wobble(index))),
    },
    {
      name: 'load: failed requests',
      unit: 'ratio',
      points: plot(72, 2, (second) => (locked(second) ? 0.82 : 0)),
    },
    { name: 'load: users at work', unit: 'users', points: plot(72, 2, (second) => Math.min(20, 4 * second)) },
  ],
};

/** A `db-lock` run in which everything expected came true. */
export const passedReport: Report = complete(facts);

function complete(judged: Facts): Report {
  const expected = {
    runbook: { name: 'release-db-lock', within: 30_000 },
    production: { lost: 0, duplicated: 0 },
  };
  const scored = { ...judged, ...scoreOf(judged, expected) };
  return { ...scored, findings: findingsOf(scored, [], expected) };
}
