import type { Facts } from '../expectations.ts';
import { findingsOf } from '../findings.ts';
import type { Report } from '../schema.ts';
import { scoreOf } from '../score.ts';
import { at, plot, stages, wobble } from './fixture-time.ts';

const faultFrom = 9.702;
const faultTo = 37.71;
const cut = (second: number) => second > faultFrom && second < faultTo;
const end = 189.6;

const examples = ['L1-U3-000214', 'L2-U1-000198', 'L2-U5-000207'].flatMap((operation) => [
  { problem: 'lost', operation, system: 'erp' },
  { problem: 'lost', operation, system: 'wms' },
]);

const facts: Facts = {
  schema: 'andon.report/v1',
  run: {
    id: '20261122T093000Z-network-cut-91bc',
    drill: 'network-cut',
    title: 'The MES is cut off its database and its queue',
    cause: 'network',
    startedAt: at(0),
    finishedAt: at(end),
    durationSeconds: end,
    version: '0.1.0',
  },
  verdict: 'failed',
  stages: stages([0, 1.5, 9.6, 37.8, 37.95, 113.1, 188.3], end),
  hypothesis: {
    before: [
      { name: 'operations succeed', value: 1, expect: '>= 0.99', ok: true },
      { name: 'the MES is ready', value: 200, expect: '== 200', ok: true },
    ],
    during: [
      { name: 'operations succeed', value: 0, expect: '>= 0.99', ok: false },
      { name: 'the MES is ready', value: null, expect: '== 200', ok: false },
    ],
    after: [
      { name: 'operations succeed', value: 0.941, expect: '>= 0.99', ok: false },
      { name: 'the MES is ready', value: 200, expect: '== 200', ok: true },
    ],
  },
  faults: [
    {
      kind: 'network.cut',
      target: 'mes-queue-link',
      injectedAt: at(faultFrom),
      liftedAt: at(faultTo),
      liftedBy: 'time',
      touched: 3,
      residue: [],
    },
    {
      kind: 'network.cut',
      target: 'mes-db-link',
      injectedAt: at(9.751),
      liftedAt: at(37.688),
      liftedBy: 'time',
      touched: 0,
      residue: ['mes-db-link is still cut by 20261122T093000Z-network-cut-91bc'],
    },
  ],
  alerts: [
    {
      alert: 'MesDatabaseUnreachable',
      tier: 'A',
      expected: true,
      injectedAt: at(faultFrom),
      pendingAt: at(19.4),
      firingAt: at(31.52),
      deliveredAt: at(44.02),
      resolvedAt: at(71.3),
      timeToDetectSeconds: 34.318,
      boundSeconds: 30,
      ok: false,
    },
    {
      alert: 'MesQueueStuck',
      tier: 'A',
      expected: true,
      injectedAt: at(faultFrom),
      pendingAt: at(22.8),
      firingAt: null,
      deliveredAt: null,
      resolvedAt: null,
      timeToDetectSeconds: null,
      boundSeconds: 28,
      ok: false,
    },
    {
      alert: 'MesDevicesSilent',
      tier: 'A',
      expected: false,
      injectedAt: at(faultFrom),
      pendingAt: at(29.8),
      firingAt: at(39.8),
      deliveredAt: at(41.2),
      resolvedAt: at(66),
      timeToDetectSeconds: null,
      boundSeconds: null,
      ok: false,
    },
  ],
  runbooks: [
    {
      name: 'reconnect-mes',
      alert: 'MesDatabaseUnreachable',
      startedAt: at(44.2),
      finishedAt: at(51.9),
      outcome: 'compensated',
      healedAt: null,
      verifiedAt: null,
      state: 'compensated',
      reason: 'step 2 (http): no connection; taken back: step 1 (queue.restart-consumers)',
    },
  ],
  proof: {
    runbook: 'reconnect-mes',
    passed: false,
    delivered: false,
    text: 'the runbook service does not know how this drill ended (connection refused); until it is told, reconnect-mes may act by itself although this drill did not pass',
  },
  recovery: { seconds: null, limitSeconds: 75, ok: false },
  production: {
    acknowledged: 2044,
    applied: 2031,
    lost: 13,
    duplicated: 4,
    stale: 1,
    outOfOrder: 6,
    lineStopSeconds: 64.218,
    ok: false,
    examples: [
      ...examples,
      { problem: 'duplicated', operation: 'L1-U2-000201', system: 'wms' },
      { problem: 'stale', operation: 'L1-U6-000233', system: 'mes' },
    ],
  },
  load: {
    users: 20,
    requests: 2210,
    ratePerSecond: 14.3,
    errorRate: 0.0914,
    p50Ms: 8.2,
    p95Ms: 5001,
    p99Ms: 5004,
    byStage: [
      {
        stage: 'baseline',
        requests: 121,
        ratePerSecond: 15.1,
        errorRate: 0.0248,
        p50Ms: 7.7,
        p95Ms: 21.4,
        p99Ms: 40,
      },
      {
        stage: 'fault',
        requests: 104,
        ratePerSecond: 3.7,
        errorRate: 0.9519,
        p50Ms: 5000,
        p95Ms: 5004,
        p99Ms: 5008,
      },
      {
        stage: 'recovery',
        requests: 1985,
        ratePerSecond: 26.4,
        errorRate: 0.0516,
        p50Ms: 8.3,
        p95Ms: 612,
        p99Ms: 4870,
      },
    ],
  },
  series: [
    {
      name: 'operations succeed',
      unit: 'ratio',
      points: plot(end, 5, (second) =>
        second < 12 ? 1 : cut(second) ? 0 : Math.min(0.941, (second - faultTo) / 60),
      ),
    },
    {
      name: 'operations',
      unit: 'per second',
      points: plot(end, 5, (second, index) => (cut(second) ? 0 : 21 + 2 * wobble(index))),
    },
    {
      name: 'messages ready',
      unit: 'messages',
      points: plot(end, 5, (second) => (second > faultTo ? Math.max(0, 900 - (second - faultTo) * 14) : 1)),
    },
    {
      name: 'pool: requests waiting',
      unit: 'requests',
      points: plot(end, 5, (second) => (second < faultTo ? 38 : 0)).filter(
        (_, index) => index < 4 || index > 7,
      ),
    },
    {
      name: 'load: response time, p95',
      unit: 'ms',
      points: plot(160, 2, (second, index) => (cut(second) ? 5003 : 30 + 12 * wobble(index))),
    },
    {
      name: 'load: failed requests',
      unit: 'ratio',
      points: plot(160, 2, (second) => (cut(second) ? 0.95 : 0.03)),
    },
  ],
};

/** A `network-cut` run in which nearly everything went wrong that can. */
export const failedReport: Report = complete(facts);

function complete(judged: Facts): Report {
  const expected = {
    runbook: { name: 'reconnect-mes', within: 30_000 },
    production: { lost: 0, duplicated: 0 },
  };
  const scored = { ...judged, ...scoreOf(judged, expected) };
  const reasons = [
    'alert MesDatabaseUnreachable came after 34.318 s, its bound is 30 s',
    'Prometheus has no rule called MesQueueStuck, so it cannot fire',
    '13 operations were lost, at most 0 may be',
    'network.cut on mes-db-link touched nothing, so nothing was proven',
  ];
  return { ...scored, findings: findingsOf(scored, reasons, expected) };
}
