import { type Html, html } from '../../kit/safe-html.ts';
import { between, count, list, momentOf, plural, seconds } from './numbers.ts';
import { page } from './page.ts';
import type { Report } from './schema.ts';
import { lamp } from './sections/verdict.ts';
import type { SuiteReport } from './suite-schema.ts';
import { causeWords, verdictWords } from './words.ts';

/** The index of a suite: one row for each run, linked to its report. */
export function renderSuiteHtml(suite: SuiteReport, reports: readonly Report[]): string {
  const { title, lamp: lit } = verdictWords[suite.verdict];
  const passed = suite.runs.filter(({ verdict }) => verdict === 'passed').length;
  return page(
    `${title}: ${suite.title}`,
    html`<header class="verdict ${lit}"><div class="head">${lamp(lit)}
<div class="said"><p class="eyebrow">Andon drill suite</p><h1><b>${title}</b> ${suite.title}</h1>
<p class="meta">${suite.id} · ${momentOf(suite.startedAt)} · took ${seconds(between(suite.startedAt, suite.finishedAt))}</p></div>
<div class="score"><b>${passed}</b><span>of ${plural(suite.planned, 'drill')} passed</span></div></div></header>
<section><h2>Drills</h2><table class="wide suite"><thead><tr><th>Drill</th><th>Verdict</th><th class="number">Score</th><th>Light on after</th><th class="number">Lost</th><th class="number">Duplicated</th><th>Steady again after</th></tr></thead><tbody>
${suite.runs.map((run) =>
  runRow(
    run,
    reports.find((report) => report.run.id === run.id),
  ),
)}
</tbody></table>${unheld(suite)}</section>
${readiness(suite)}
<footer>Written by Andon. Schema ${suite.schema}. All times are UTC.</footer>`,
  );
}

/** What the suite says of each cause, where it rehearses more than one. */
function readiness({ readiness: found }: SuiteReport): Html {
  if (!found || found.causes.length < 2) return html``;
  return html`<section><h2>Readiness ${count(found.score)} of 100</h2><p class="lead">Each cause counts as often as it stops real plants.</p>
<table class="wide causes"><thead><tr><th>Cause</th><th class="number">Weight</th><th class="number">Drills passed</th><th class="number">Mean score</th></tr></thead><tbody>
${found.causes.map(
  ({
    cause,
    weight,
    drills,
    passed,
    score,
  }) => html`<tr><td data-label="Cause">${causeWords[cause]}</td><td data-label="Weight" class="number">${count(weight)} %</td>
<td data-label="Drills passed" class="number ${passed < drills ? 'bad' : 'good'}">${passed} of ${drills}</td><td data-label="Mean score" class="number">${count(score)}</td></tr>`,
)}
</tbody></table></section>`;
}

/** A link to a folder below, whatever it is called. */
const linkTo = (dir: string): string => [...dir.split('/'), 'report.html'].map(encodeURIComponent).join('/');

function runRow(run: SuiteReport['runs'][number], report: Report | undefined): Html {
  const { title, lamp: lit } = verdictWords[run.verdict];
  const state = lit === 'green' ? 'good' : lit === 'red' ? 'bad' : 'hurt';
  const recovery = report?.recovery.seconds;
  const { acknowledged = 0, lost = 0, duplicated = 0 } = report?.production ?? {};
  const counted = (value: number) => (acknowledged === 0 ? '–' : count(value));
  return html`<tr><td data-label="Drill"><a href="./${linkTo(run.dir)}">${run.drill}</a>${report && html`<small>${report.run.title}</small>`}</td>
<td data-label="Verdict" class="brief ${state}"><i class="dot"></i>${title}</td><td data-label="Score" class="number">${count(run.score)}</td>
<td data-label="Light on after">${lightOn(report)}</td>
<td data-label="Lost" class="number${lost > 0 ? ' bad' : ''}">${counted(lost)}</td>
<td data-label="Duplicated" class="number${duplicated > 0 ? ' bad' : ''}">${counted(duplicated)}</td>
<td data-label="Steady again after">${recovery === null || recovery === undefined ? '–' : seconds(recovery)}</td></tr>`;
}

function lightOn(report: Report | undefined): string {
  const expected = report?.alerts.filter((alert) => alert.expected) ?? [];
  if (expected.length === 0) return 'none expected';
  return list(
    expected.map(({ timeToDetectSeconds: took, boundSeconds: bound }) =>
      took === null ? 'never' : `${seconds(took)}${bound === null ? '' : ` (bound ${seconds(bound)})`}`,
    ),
  );
}

const unheld = ({ planned, runs }: SuiteReport): Html =>
  runs.length >= planned
    ? html``
    : html`<p class="note">${plural(planned - runs.length, 'drill')} of this suite ${planned - runs.length === 1 ? 'was' : 'were'} not held: it was stopped before.</p>`;
