import { html } from '../../kit/safe-html.ts';
import { page } from './page.ts';
import { plotFrame } from './plots.ts';
import type { Report } from './schema.ts';
import { appendixSection } from './sections/appendix.ts';
import { checksSection } from './sections/checks.ts';
import { findingsSection } from './sections/findings.ts';
import { hypothesisSection } from './sections/hypothesis.ts';
import { loadSection } from './sections/load.ts';
import { plotsSection } from './sections/plots.ts';
import { productionSection } from './sections/production.ts';
import { stopwatchSection } from './sections/stopwatch.ts';
import { faultsSection, storySection } from './sections/story.ts';
import { timelineSection } from './sections/timeline.ts';
import { scoreSection, verdictSection } from './sections/verdict.ts';
import { verdictWords } from './words.ts';

/** The report as one self-contained page: what went wrong and what to do first, every figure after, raw data last. */
export function renderHtml(report: Report): string {
  const frame = plotFrame(report);
  const failed = report.verdict !== 'passed';
  return page(
    `${verdictWords[report.verdict].title}: ${report.run.title}`,
    html`${verdictSection(report)}
${failed && findingsSection(report)}
<div class="pair">${storySection(report)}${scoreSection(report)}</div>
${faultsSection(report)}
${stopwatchSection(report)}
${productionSection(report)}
${hypothesisSection(report)}
${timelineSection(report)}
${plotsSection(report, frame)}
${loadSection(report, frame)}
${!failed && findingsSection(report)}
${checksSection(report)}
${appendixSection(report)}
<footer>Written by Andon ${report.run.version}. Schema ${report.schema}. All times are UTC.</footer>`,
  );
}
