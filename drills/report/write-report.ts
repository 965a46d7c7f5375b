import path from 'node:path';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import { renderHtml } from './html.ts';
import { readinessOf } from './readiness.ts';
import { type Report, reportSchema } from './schema.ts';
import { renderSuiteHtml } from './suite-html.ts';
import { type SuiteReport, suiteReportSchema } from './suite-schema.ts';

/** Writes `report.json` and `report.html` into a run's folder, each whole or not at all; returns their paths. */
export function writeReport(dir: string, report: Report): { json: string; html: string } {
  const files = { json: path.join(dir, 'report.json'), html: path.join(dir, 'report.html') };
  writeFileAtomic(files.json, `${JSON.stringify(reportSchema.parse(report), null, 2)}\n`);
  writeFileAtomic(files.html, renderHtml(report));
  return files;
}

/** A suite as it was held. */
export interface HeldSuite {
  id: string;
  title: string;
  startedAt: string;
  finishedAt: string;
  /** All drills that it names. */
  planned: readonly { name: string; cause: Report['run']['cause'] }[];
  /** `dir` is the run's folder; `name` what the suite calls the run. */
  runs: readonly { name: string; report: Report; dir: string }[];
}

/** Writes `suite.json` and `index.html` into a suite's folder; returns their paths. */
export function writeSuite(dir: string, held: HeldSuite): { json: string; html: string } {
  const suite: SuiteReport = {
    schema: 'andon.suite/v1',
    id: held.id,
    title: held.title,
    startedAt: held.startedAt,
    finishedAt: held.finishedAt,
    verdict: suiteVerdict(held),
    planned: held.planned.length,
    readiness: readinessOf(held.planned, held.runs),
    runs: held.runs.map(({ name, report, dir: runDir }) => ({
      id: report.run.id,
      drill: name,
      verdict: report.verdict,
      score: report.score,
      dir: path.relative(dir, runDir).split(path.sep).join('/'),
    })),
  };
  const files = { json: path.join(dir, 'suite.json'), html: path.join(dir, 'index.html') };
  writeFileAtomic(files.json, `${JSON.stringify(suiteReportSchema.parse(suite), null, 2)}\n`);
  writeFileAtomic(
    files.html,
    renderSuiteHtml(
      suite,
      held.runs.map(({ report }) => report),
    ),
  );
  return files;
}

/** The worst of its runs; a suite that did not get through all its drills has not passed. */
function suiteVerdict({ planned, runs }: HeldSuite): Report['verdict'] {
  const verdicts = new Set(runs.map(({ report }) => report.verdict));
  for (const verdict of ['aborted', 'failed', 'not-run'] as const) if (verdicts.has(verdict)) return verdict;
  return runs.length < planned.length || runs.length === 0 ? 'not-run' : 'passed';
}
