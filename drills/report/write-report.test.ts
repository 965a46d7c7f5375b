import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportSchema } from './schema.ts';
import { renderSuiteHtml } from './suite-html.ts';
import { type SuiteReport, suiteReportSchema } from './suite-schema.ts';
import { failedReport } from './testing/failed-report.ts';
import { passedReport } from './testing/passed-report.ts';
import { unbalancedTags, visibleText } from './testing/read-page.ts';
import { type HeldSuite, writeReport, writeSuite } from './write-report.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'andon-report-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const suite = (more: Partial<HeldSuite> = {}): HeldSuite => ({
  id: 'headline',
  title: 'The three outages',
  startedAt: '2026-11-22T09:30:00.000Z',
  finishedAt: '2026-11-22T09:35:10.000Z',
  planned: [
    { name: 'db-lock', cause: 'database' },
    { name: 'network-cut', cause: 'network' },
  ],
  runs: [
    { name: 'db-lock', report: passedReport, dir: path.join(dir, 'db-lock') },
    { name: 'network-cut', report: failedReport, dir: path.join(dir, 'network-cut') },
  ],
  ...more,
});
const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('a run’s files', () => {
  it('are the report as data and as a page, and no draft is left', () => {
    const files = writeReport(dir, passedReport);
    expect(reportSchema.parse(json(files.json))).toEqual(passedReport);
    expect(readFileSync(files.html, 'utf8')).toContain('A forgotten transaction');
    expect(readdirSync(dir).toSorted()).toEqual(['report.html', 'report.json']);
  });

  it('are not written from a report that breaks the schema', () => {
    expect(() => writeReport(dir, { ...passedReport, score: 150 })).toThrow(/100/);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a suite’s files', () => {
  it('name every run with its verdict, and link its report', () => {
    const files = writeSuite(dir, suite());
    const { runs, verdict } = suiteReportSchema.parse(json(files.json));
    expect(runs.map(({ drill, verdict: of, dir: folder }) => [drill, of, folder])).toEqual([
      ['db-lock', 'passed', 'db-lock'],
      ['network-cut', 'failed', 'network-cut'],
    ]);
    expect(verdict).toBe('failed');
    const page = readFileSync(files.html, 'utf8');
    expect(page).toContain('href="./db-lock/report.html"');
    expect(page).not.toMatch(/https?:/);
    expect(unbalancedTags(page)).toEqual([]);
    expect(visibleText(page)).toContain('1 of 2 drills passed');
    expect(visibleText(page)).toMatch(/Database 65\.9 % 1 of 1 100/);
  });

  it('pass only when every drill that was planned has passed', () => {
    const [passed] = suite().runs;
    if (!passed) throw new Error('the suite has one');
    const verdictOf = (more: Partial<HeldSuite>) =>
      suiteReportSchema.parse(json(writeSuite(dir, suite(more)).json)).verdict;
    const aborted = { ...passed, report: { ...passedReport, verdict: 'aborted' as const } };
    const [lock, cut] = suite().planned;
    if (!lock || !cut) throw new Error('the suite has two');
    expect(verdictOf({ planned: [lock], runs: [passed] })).toBe('passed');
    expect(verdictOf({ planned: [lock, cut], runs: [passed] })).toBe('not-run');
    expect(verdictOf({ runs: [passed, aborted] })).toBe('aborted');
    expect(verdictOf({ planned: [], runs: [] })).toBe('not-run');
  });

  it('link nowhere but into their own folder', () => {
    const hostile: SuiteReport = {
      schema: 'andon.suite/v1',
      ...{ id: 'x', title: '<b>x</b>', startedAt: suite().startedAt, finishedAt: suite().finishedAt },
      verdict: 'failed',
      planned: 1,
      runs: [{ id: 'x', drill: '<script>', verdict: 'failed', score: 1, dir: 'javascript:alert(1)"//evil' }],
    };
    const page = renderSuiteHtml(hostile, []);
    expect(page).not.toMatch(/<script|href="(?!\.\/)/);
    expect(page).toContain('href="./javascript%3Aalert(1)%22//evil/report.html"');
    expect(unbalancedTags(page)).toEqual([]);
  });
});
