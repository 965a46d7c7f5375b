import { expect, test } from 'vitest';
import { failedReport } from './report/testing/failed-report.ts';
import { passedReport } from './report/testing/passed-report.ts';
import { endsSuite } from './suite.ts';

test('A suite goes on after a drill that passed, failed or could not run, and ends with one that was stopped.', () => {
  const withoutResidue = failedReport.faults.map((fault) => ({ ...fault, residue: [] }));
  expect(endsSuite(passedReport)).toBe(false);
  expect(endsSuite({ verdict: 'failed', faults: withoutResidue })).toBe(false);
  expect(endsSuite({ verdict: 'not-run', faults: [] })).toBe(false);
  expect(endsSuite({ verdict: 'aborted', faults: withoutResidue })).toBe(true);
});

test('A suite ends with a drill that left something: the next one would begin in its residue.', () => {
  const left = passedReport.faults.map((fault) => ({ ...fault, residue: ['mes-db: lock of andon-drill-x'] }));
  expect(endsSuite({ verdict: 'failed', faults: left })).toBe(true);
});
