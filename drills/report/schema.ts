import { z } from 'zod';

const time = z.iso.datetime({ precision: 3 }).describe('ISO 8601 with milliseconds, UTC');
const maybeTime = time.nullable();
const seconds = z.number().describe('seconds');
const tier = z.enum(['A', 'B', 'C', 'none']);

const hypothesisResult = z.strictObject({
  name: z.string(),
  value: z.number().nullable().describe('null when the probe had no answer'),
  expect: z.string(),
  ok: z.boolean(),
});

const loadStage = z.strictObject({
  stage: z.string(),
  requests: z.int(),
  ratePerSecond: z.number(),
  errorRate: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});

/** What came out of one drill: the one source of every rendered report. Fields are added, never renamed. */
export const reportSchema = z.strictObject({
  schema: z.literal('andon.report/v1'),
  run: z.strictObject({
    id: z.string(),
    drill: z.string(),
    title: z.string(),
    cause: z.enum(['third-party', 'database', 'release', 'hardware', 'network', 'load']),
    startedAt: time,
    finishedAt: time,
    durationSeconds: seconds,
    version: z.string(),
  }),
  verdict: z.enum(['passed', 'failed', 'aborted', 'not-run']),
  score: z.number().min(0).max(100),
  weights: z
    .record(z.string(), z.number())
    .describe('what each part adds to the score at most; they sum to 100'),
  points: z
    .record(z.string(), z.number())
    .optional()
    .describe('what each part did add, by the names of the weights'),
  stages: z.array(z.strictObject({ name: z.string(), startedAt: time, finishedAt: time })),
  hypothesis: z.strictObject({
    before: z.array(hypothesisResult),
    during: z.array(hypothesisResult),
    after: z.array(hypothesisResult),
  }),
  faults: z.array(
    z.strictObject({
      kind: z.string(),
      target: z.string(),
      injectedAt: maybeTime,
      liftedAt: maybeTime,
      liftedBy: z.string().nullable().describe('time, runbook, guardrail, signal, watchdog, lease'),
      touched: z.int().describe('sessions, connections or requests that it really affected'),
      affects: z.string().optional().describe('one of what `touched` counts: session, connection'),
      residue: z.array(z.string()),
    }),
  ),
  alerts: z.array(
    z.strictObject({
      alert: z.string(),
      tier,
      expected: z.boolean(),
      injectedAt: maybeTime,
      pendingAt: maybeTime,
      firingAt: maybeTime,
      deliveredAt: maybeTime,
      resolvedAt: maybeTime,
      timeToDetectSeconds: seconds.nullable().describe('injected to delivered'),
      boundSeconds: seconds.nullable(),
      ok: z.boolean(),
    }),
  ),
  runbooks: z.array(
    z.strictObject({
      name: z.string(),
      alert: z.string(),
      startedAt: maybeTime,
      finishedAt: maybeTime,
      outcome: z.string(),
      healedAt: maybeTime
        .optional()
        .describe('end of the last step that succeeded; null when none did, or when it was taken back'),
      verifiedAt: maybeTime.optional().describe('when all checks of the runbook had come true'),
      state: z.string().optional().describe('awaiting-approval, waiting, running, or the outcome'),
      reason: z.string().optional().describe('why it ended as it did, or why it waits'),
    }),
  ),
  proof: z
    .strictObject({
      runbook: z.string(),
      passed: z.boolean(),
      delivered: z.boolean().describe('whether the runbook service has it on record'),
      text: z.string().describe('what the runbook may do now, or why the service does not know of it'),
    })
    .optional()
    .describe('what this drill proved of the runbook that it expects; absent when it proved nothing'),
  recovery: z.strictObject({
    seconds: seconds.nullable().describe('from the last fault lifted until the hypothesis held again'),
    limitSeconds: seconds,
    ok: z.boolean(),
  }),
  production: z.strictObject({
    acknowledged: z.int(),
    applied: z.int().describe('acknowledged operations that every system holds'),
    lost: z.int(),
    duplicated: z.int(),
    stale: z.int(),
    outOfOrder: z.int(),
    lineStopSeconds: seconds.describe(
      'the sum over all lines of the time without an acknowledgement beyond the limit',
    ),
    ok: z.boolean(),
    examples: z.array(z.strictObject({ problem: z.string(), operation: z.string(), system: z.string() })),
  }),
  load: z
    .strictObject({
      users: z.int(),
      requests: z.int(),
      ratePerSecond: z.number(),
      errorRate: z.number(),
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
      byStage: z.array(loadStage),
    })
    .nullable(),
  series: z.array(
    z.strictObject({
      name: z.string(),
      unit: z.string(),
      points: z.array(z.tuple([z.number().describe('Unix seconds'), z.number()])),
    }),
  ),
  findings: z.array(
    z.strictObject({
      severity: z.enum(['critical', 'warning', 'info']),
      text: z.string(),
      fix: z.string(),
      cause: z.string(),
    }),
  ),
});

export type Report = z.infer<typeof reportSchema>;
export type Finding = Report['findings'][number];
