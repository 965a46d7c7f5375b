import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Expectations, Facts } from './expectations.ts';
import { expectationsOf } from './expectations.ts';
import { ceilings, scoreOf } from './score.ts';
import { failedReport } from './testing/failed-report.ts';
import { passedReport } from './testing/passed-report.ts';

const sum = (values: Record<string, number>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);

const share = fc.constantFrom(0, 1, 2, 3);
const anyRun = fc.record({
  verdict: fc.constantFrom('passed', 'failed', 'aborted', 'not-run'),
  before: fc.array(fc.boolean(), { maxLength: 4 }),
  after: fc.array(fc.boolean(), { maxLength: 4 }),
  alerts: fc.array(fc.record({ expected: fc.boolean(), ok: fc.boolean(), delivered: fc.boolean() }), {
    maxLength: 4,
  }),
  touched: share,
  faults: share,
  residue: fc.boolean(),
  recovery: fc.record({ ok: fc.boolean(), seconds: fc.option(fc.double({ min: 0, max: 1e4, noNaN: true })) }),
  production: fc.boolean(),
  runbook: fc.boolean(),
  errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
  wants: fc.record({
    runbook: fc.boolean(),
    production: fc.boolean(),
    load: fc.boolean(),
    during: fc.boolean(),
  }),
});
type AnyRun = typeof anyRun extends fc.Arbitrary<infer Run> ? Run : never;

const results = (oks: boolean[]) => oks.map((ok) => ({ name: 'p', value: 1, expect: '>= 1', ok }));

function factsOf(run: AnyRun): Facts {
  const [alert] = passedReport.alerts;
  const [fault] = passedReport.faults;
  if (!alert || !fault) throw new Error('the fixture has both');
  return {
    ...passedReport,
    verdict: run.verdict as Facts['verdict'],
    hypothesis: { before: results(run.before), during: results(run.after), after: results(run.after) },
    alerts: run.alerts.map(({ expected, ok, delivered }) => ({
      ...alert,
      expected,
      ok,
      deliveredAt: delivered ? alert.deliveredAt : null,
    })),
    faults: Array.from({ length: run.faults }, () => ({
      ...fault,
      touched: run.touched,
      residue: run.residue ? ['x'] : [],
    })),
    runbooks: run.runbook ? passedReport.runbooks : [],
    recovery: { ...run.recovery, limitSeconds: 60 },
    production: { ...passedReport.production, ok: run.production },
    load: passedReport.load && {
      ...passedReport.load,
      byStage: passedReport.load.byStage.map((stage) => ({ ...stage, errorRate: run.errorRate })),
    },
  };
}

const wanted = ({ wants }: AnyRun): Expectations => ({
  ...(wants.runbook ? { runbook: { name: 'release-db-lock', within: 1000 } } : {}),
  ...(wants.production ? { production: { lost: 0, duplicated: 0 } } : {}),
  ...(wants.load ? { load: { error_rate: 0.5, p95: 300 } } : {}),
  holds_during: wants.during,
});

describe('the score', () => {
  it('is between 0 and the verdict’s ceiling, whatever happened, and its weights sum to 100', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        for (const { score, weights, points } of [
          scoreOf(factsOf(run), wanted(run)),
          scoreOf(factsOf(run)),
        ]) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(ceilings[run.verdict as Facts['verdict']]);
          expect(sum(weights)).toBeCloseTo(100, 9);
          expect(Object.keys(points)).toEqual(Object.keys(weights));
          for (const [part, earned] of Object.entries(points)) {
            expect(earned).toBeGreaterThanOrEqual(0);
            expect(earned).toBeLessThanOrEqual((weights[part] ?? 0) + 1e-9);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is 100 when everything came true, and low when nearly nothing did', () => {
    expect(passedReport.score).toBe(100);
    expect(failedReport.score).toBeLessThan(30);
  });

  it('leaves out what the drill does not expect, and scales the rest', () => {
    const { weights, score } = scoreOf({ ...passedReport, alerts: [] }, {});
    expect(weights).toEqual({ hypothesisBefore: 12.5, recovery: 25, hypothesisAfter: 37.5, residue: 25 });
    expect(score).toBe(100);
  });

  it('never calls a failed drill good, even if every part of it was', () => {
    expect(scoreOf({ ...passedReport, verdict: 'failed' }).score).toBe(89);
    expect(scoreOf({ ...passedReport, verdict: 'not-run' }).score).toBe(0);
  });

  it('takes an alert that nobody wanted for one that failed', () => {
    const [alert] = passedReport.alerts;
    if (!alert) throw new Error('the fixture has one');
    const unwanted = { ...alert, expected: false, ok: false };
    expect(scoreOf({ ...passedReport, alerts: [alert, unwanted] }).points.alerts).toBe(12.5);
    expect(scoreOf({ ...passedReport, alerts: [unwanted] }).points.alerts).toBe(0);
  });

  it('judges the users by the stage in which the fault was in', () => {
    const judged = (p95: number) => scoreOf(passedReport, { load: { error_rate: 1, p95 } });
    expect(judged(300).points.load).toBeCloseTo((judged(300).weights.load ?? 0) / 2, 0);
    expect(judged(6000).points.load).toBe(judged(6000).weights.load);
    expect(scoreOf({ ...passedReport, load: null }, { load: { error_rate: 1, p95: 300 } }).points.load).toBe(
      0,
    );
  });
});

describe('the expectations of a drill in a journal', () => {
  const drill = {
    id: 'x',
    expect: { runbook: { name: 'r', within: 30_000 }, production: { lost: 0, duplicated: 0, stale: 0 } },
  };

  it('are read back from it', () => {
    expect(expectationsOf(drill)).toEqual({
      runbook: { name: 'r', within: 30_000 },
      production: { lost: 0, duplicated: 0 },
    });
  });

  it('name no runbook where the runbooks are held', () => {
    expect(expectationsOf({ ...drill, runbooks: 'hold' })?.runbook).toBeUndefined();
  });

  it('are unknown where the journal has none', () => {
    expect(expectationsOf({ id: 'x' })).toBeUndefined();
  });
});
