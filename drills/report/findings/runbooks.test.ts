import { expect, it } from 'vitest';
import type { Expectations } from '../expectations.ts';
import type { Report } from '../schema.ts';
import { at } from '../testing/fixture-time.ts';
import { passedReport } from '../testing/passed-report.ts';
import { runbookFindings } from './runbooks.ts';

const expected: Expectations = { runbook: { name: 'release-db-lock', within: 30_000 } };
const [run] = passedReport.runbooks;
const { proof } = passedReport;
if (!run || !proof) throw new Error('the fixture has both');
const withRun = (more: Partial<typeof run>): Report => ({ ...passedReport, runbooks: [{ ...run, ...more }] });
const waits = { outcome: 'running', startedAt: null, healedAt: null, verifiedAt: null, finishedAt: null };

it('finds nothing of a runbook that healed in time, and nothing where none was expected', () => {
  expect(runbookFindings(passedReport, expected)).toEqual([]);
  expect(runbookFindings({ ...passedReport, runbooks: [] }, {})).toEqual([]);
});

it.each<[string, Report, RegExp, RegExp]>([
  [
    'a runbook that did not run',
    { ...passedReport, runbooks: [] },
    /release-db-lock did not run/,
    /andon runbook/,
  ],
  ['a runbook that failed', withRun({ outcome: 'failed' }), /ended as “failed”/, /andon runbook history/],
  [
    'a runbook that took back what it had done',
    withRun({ outcome: 'compensated', healedAt: null, reason: 'step 2 failed' }),
    /did not heal: it took back what it had done: step 2 failed/,
    /andon runbook history/,
  ],
  [
    'a runbook that found nothing to do',
    withRun({ outcome: 'not-needed', healedAt: null, reason: 'not true: a version is on trial' }),
    /healed nothing: it found nothing to do: not true: a version is on trial/,
    /mend its `applies`/,
  ],
  [
    'a runbook that handed over',
    withRun({ outcome: 'handed-off', reason: 'cool-down' }),
    /handed over to a person: cool-down/,
    /every step/,
  ],
  [
    'a runbook that asked first',
    withRun({ ...waits, state: 'awaiting-approval', reason: 'no drill has proven it yet' }),
    /waits for a person: no drill has proven it yet/,
    /andon doctor/,
  ],
  [
    'a runbook whose turn had not come',
    withRun({ ...waits, state: 'waiting' }),
    /had not begun when the drill ended/,
    /what else ran/,
  ],
  [
    'a runbook that is still at a step',
    withRun({ outcome: 'running', finishedAt: null, reason: 'it is at step 2 (approve)' }),
    /had not ended when the drill ended: it is at step 2 \(approve\)/,
    /answer it/,
  ],
  [
    'a runbook that began late',
    withRun({ startedAt: at(28.2), healedAt: at(28.3) }),
    /started 2\.1 s after the alert was delivered; 2 s at most/,
    /group_wait/,
  ],
  [
    'a proof that is not on record',
    { ...passedReport, proof: { ...proof, delivered: false, text: 'no answer' } },
    /not on record: no answer/,
    /Run the drill again/,
  ],
  [
    'a slow runbook',
    withRun({ finishedAt: '2026-11-22T09:31:00.000Z' }),
    /done 33\.9 s after the alert was delivered; the limit is 30 s/,
    /step/,
  ],
])('names %s, with its figures and what to do', (_what, report, text, fix) => {
  const [first, ...others] = runbookFindings(report, expected);
  expect(first?.text).toMatch(text);
  expect(first?.fix).toMatch(fix);
  expect(first?.cause).not.toBe('');
  expect(others).toEqual([]);
});

it('judges the run that succeeded, else the last that began', () => {
  const failed = { ...run, outcome: 'failed' };
  const refused = { ...run, ...waits, outcome: 'handed-off', reason: 'cool-down' };
  const of = (...runbooks: Report['runbooks']) => runbookFindings({ ...passedReport, runbooks }, expected);
  expect(of(failed, run, refused)).toEqual([]);
  expect(of(failed, refused)[0]?.text).toMatch(/ended as “failed”/);
  expect(of({ ...run, name: 'another' })[0]?.text).toMatch(/did not run/);
});
