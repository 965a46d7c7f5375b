import { describe, expect, it } from 'vitest';
import type { Expectations } from './expectations.ts';
import { findingsOf } from './findings.ts';
import type { Report } from './schema.ts';
import { failedReport } from './testing/failed-report.ts';
import { passedReport } from './testing/passed-report.ts';

const expected: Expectations = { runbook: { name: 'release-db-lock', within: 30_000 } };
const find = (report: Report, reasons: string[] = [], wanted = expected) =>
  findingsOf(report, reasons, wanted);
const grave = (report: Report, wanted = expected) =>
  find(report, [], wanted).filter(({ severity }) => severity !== 'info');

const [alert] = passedReport.alerts;
const [fault] = passedReport.faults;
if (!alert || !fault || !passedReport.load) throw new Error('the fixture has all of them');
const withAlert = (more: Partial<typeof alert>): Report => ({
  ...passedReport,
  alerts: [{ ...alert, ok: false, ...more }],
});
const withFault = (more: Partial<typeof fault>): Report => ({
  ...passedReport,
  faults: [{ ...fault, ...more }],
});
const produced = (more: Partial<Report['production']>): Report => ({
  ...passedReport,
  production: { ...passedReport.production, ok: false, ...more },
});
const lost = (system: string) => [{ problem: 'lost', operation: 'L1-U1-7', system }];

describe('what a drill found', () => {
  it('is nothing grave when everything came true', () => {
    expect(grave(passedReport)).toEqual([]);
  });

  it.each<[string, Report, RegExp, RegExp]>([
    [
      'a rule that saw nothing',
      withAlert({ deliveredAt: null, firingAt: null, pendingAt: null }),
      /did not even become pending.*due 26 s/,
      /\/rules/,
    ],
    [
      'an alert that was too short',
      withAlert({ deliveredAt: null, firingAt: null }),
      /pending 5\.5 s after the fault and did not fire/,
      /`for`/,
    ],
    [
      'an alert that was not handed on',
      withAlert({ deliveredAt: null }),
      /fired 15\.5 s after the fault and was not delivered/,
      /route/,
    ],
    [
      'a late alert',
      withAlert({ timeToDetectSeconds: 31 }),
      /31 s after the fault, 5 s over its bound of 26 s/,
      /./,
    ],
    ['an unwanted alert', withAlert({ expected: false }), /fired, and this drill expects quiet/, /mend/],
    [
      'work that never reached the MES',
      produced({ lost: 1, examples: lost('mes') }),
      /1 operation of 1,417 .* is missing in mes, for example L1-U1-7/,
      /journal/,
    ],
    [
      'work lost behind the MES',
      produced({ lost: 2, examples: lost('erp') }),
      /2 operations .* are missing in erp/,
      /outbox/,
    ],
    [
      'work done twice',
      produced({ duplicated: 3 }),
      /3 operations took effect more than once/,
      /idempotency keys/,
    ],
    ['an old state', produced({ stale: 1 }), /1 work unit shows an older state/, /sequence numbers/],
    [
      'disorder',
      produced({ outOfOrder: 2 }),
      /2 operations were applied after a later one/,
      /first in, first out/,
    ],
    [
      'residue',
      withFault({ residue: ['1 session'] }),
      /left something behind: 1 session/,
      /andon drill clean/,
    ],
    ['a fault that touched nothing', withFault({ touched: 0 }), /touched nothing/, /targets\.mes-db/],
    [
      'a slow recovery',
      { ...passedReport, recovery: { seconds: null, limitSeconds: 75, ok: false } },
      /did not come back within 75 s/,
      /reconnect/,
    ],
    [
      'a sick plant',
      { ...passedReport, hypothesis: { ...passedReport.hypothesis, before: passedReport.hypothesis.during } },
      /not in its steady state before.*0\.417/,
      /Heal/,
    ],
  ])('names %s, with its figures and what to do', (_what, report, text, fix) => {
    const [first, ...others] = grave(report);
    expect(first?.text).toMatch(text);
    expect(first?.fix).toMatch(fix);
    expect(first?.cause).not.toBe('');
    expect(others).toEqual([]);
  });

  it('blames the step of a late alert that took longest', () => {
    const late = (more: object) => grave(withAlert({ timeToDetectSeconds: 60, ...more }))[0]?.fix;
    expect(
      late({
        pendingAt: '2026-11-22T09:30:50.000Z',
        firingAt: '2026-11-22T09:30:51.000Z',
        deliveredAt: '2026-11-22T09:30:52.000Z',
      }),
    ).toMatch(/scrape interval/);
    expect(
      late({
        pendingAt: '2026-11-22T09:30:11.000Z',
        firingAt: '2026-11-22T09:30:51.000Z',
        deliveredAt: '2026-11-22T09:30:52.000Z',
      }),
    ).toMatch(/`for`/);
    expect(
      late({
        pendingAt: '2026-11-22T09:30:11.000Z',
        firingAt: '2026-11-22T09:30:12.000Z',
        deliveredAt: '2026-11-22T09:30:52.000Z',
      }),
    ).toMatch(/group_wait/);
  });

  it('measures the users against the drill’s limits during the fault', () => {
    const limits = { load: { error_rate: 0, p95: 300 } };
    const texts = grave(passedReport, limits).map(({ text }) => text);
    expect(texts).toEqual([
      '81.69 % of 71 requests of 20 users failed in stage fault; at most 0 % may.',
      'One request in twenty took 5,003 ms or longer (p95) with 20 users in stage fault; the limit is 300 ms.',
    ]);
    expect(grave(passedReport, { load: { error_rate: 1, p95: 6000 } })).toEqual([]);
    expect(grave({ ...passedReport, load: null }, limits)[0]?.text).toMatch(/made no request/);
  });

  it('blames the pool when requests waited for it at that time', () => {
    const waiting: Report['series'][number] = {
      name: 'pool: requests waiting',
      unit: 'requests',
      points: [[Date.parse(alert.firingAt ?? '') / 1000, 37]],
    };
    const limits = { load: { error_rate: 1, p95: 300 } };
    const blamed = (series: Report['series']) => grave({ ...passedReport, series }, limits)[0];
    expect(blamed([waiting])?.cause).toMatch(/Up to 37 requests/);
    expect(blamed([waiting])?.fix).toMatch(/Enlarge/);
    expect(blamed([{ ...waiting, points: [[1, 37]] }])?.fix).not.toMatch(/^Enlarge/);
  });
});

describe('the runner’s reasons', () => {
  it('become findings where no figure explains them', () => {
    const texts = find({ ...passedReport, verdict: 'failed' }, ['something unheard of']).map(
      ({ text, severity }) => `${severity}: ${text}`,
    );
    expect(texts[0]).toBe('critical: Something unheard of.');
  });

  it('are not said twice', () => {
    const reasons = [
      'alert MesDatabaseBlocked (A) was not delivered',
      '2 operations were lost, at most 0 may be',
    ];
    const report = { ...withAlert({ deliveredAt: null }), production: produced({ lost: 2 }).production };
    expect(find(report, reasons).filter(({ severity }) => severity === 'critical')).toHaveLength(2);
    expect(
      find({ ...passedReport, verdict: 'failed' }, reasons).filter(({ severity }) => severity === 'critical'),
    ).toHaveLength(2);
  });

  it('on the users are not said twice either', () => {
    const reasons = [
      '81.69 % of the requests failed, at most 0 % may',
      'the 95th percentile of the response time was 5003 ms, at most 300 ms are allowed',
    ];
    const limits = { ...expected, load: { error_rate: 0, p95: 300 } };
    const found = find({ ...passedReport, verdict: 'failed' }, reasons, limits);
    expect(found.filter(({ severity }) => severity === 'critical')).toHaveLength(2);
  });

  it('keep telling that a rule is not there, beside the alert that was missed', () => {
    const texts = failedReport.findings.map(({ text }) => text);
    expect(texts).toContain('Prometheus has no rule called MesQueueStuck, so it cannot fire.');
  });

  it('come in the order of their weight', () => {
    const severities = failedReport.findings.map(({ severity }) => severity);
    const rank = { critical: 0, warning: 1, info: 2 };
    expect(severities).toEqual(severities.toSorted((a, b) => rank[a] - rank[b]));
  });
});
