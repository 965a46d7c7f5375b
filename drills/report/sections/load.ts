import { type Html, html } from '../../../kit/safe-html.ts';
import { count, milliseconds, percent } from '../numbers.ts';
import type { PlotFrame } from '../plots.ts';
import type { Report } from '../schema.ts';
import { plotGrid } from './plots.ts';

/** What the virtual users met: in all, by stage, and over time. */
export function loadSection(report: Report, frame: PlotFrame): Html {
  const { load } = report;
  if (!load) return html``;
  const rows = [{ stage: 'in all', ...load }, ...load.byStage.filter(({ requests }) => requests > 0)];
  return html`<section><h2>Virtual users</h2>
<p class="lead">Up to ${load.users} people at terminals, played by k6. Each of their requests is counted; percentiles are of single requests (nearest rank).</p>
<table class="wide"><thead><tr><th>Stage</th><th class="number">Requests</th><th class="number">Per second</th><th class="number">Failed</th><th class="number">p50</th><th class="number">p95</th><th class="number">p99</th></tr></thead><tbody>
${rows.map(
  (
    { stage, requests, ratePerSecond, errorRate, p50Ms, p95Ms, p99Ms },
    index,
  ) => html`<tr class="${index === 0 ? 'total' : ''}"><td data-label="Stage">${stage}</td>
<td data-label="Requests" class="number">${count(requests)}</td><td data-label="Per second" class="number">${count(ratePerSecond)}</td>
<td data-label="Failed" class="number">${percent(errorRate)}</td><td data-label="p50" class="number">${milliseconds(p50Ms)}</td>
<td data-label="p95" class="number">${milliseconds(p95Ms)}</td><td data-label="p99" class="number">${milliseconds(p99Ms)}</td></tr>`,
)}
</tbody></table>${plotGrid(report, frame, ({ name }) => name.startsWith('load: '))}</section>`;
}
