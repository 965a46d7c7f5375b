import { type Html, html } from '../../../kit/safe-html.ts';
import { clockOf, count } from '../numbers.ts';
import type { Report } from '../schema.ts';
import { storyOf } from '../story.ts';

/** What happened, in three plain sentences. */
export const storySection = (report: Report): Html =>
  html`<section class="story"><h2>What happened</h2>${storyOf(report).map((sentence) => html`<p>${sentence}</p>`)}
<p class="note">Run ${report.run.id}, begun ${clockOf(report.run.startedAt)}, finished ${clockOf(report.run.finishedAt)} UTC.</p></section>`;

/** What was broken on purpose: when, by whom it ended, whom it met and what it left. */
export function faultsSection({ faults }: Report): Html {
  if (faults.length === 0) return html``;
  return html`<section><h2>What was broken on purpose</h2>
<table class="wide"><thead><tr><th>Fault</th><th>Target</th><th>Injected</th><th>Lifted</th><th>By</th><th>Affected</th><th>Left behind</th></tr></thead><tbody>
${faults.map(
  ({ kind, target, injectedAt, liftedAt, liftedBy, touched, residue }) => html`<tr>
<td data-label="Fault" class="clock"><b>${kind}</b></td><td data-label="Target" class="clock">${target}</td>
<td data-label="Injected" class="clock">${injectedAt ? clockOf(injectedAt) : 'not injected'}</td><td data-label="Lifted" class="clock">${liftedAt ? clockOf(liftedAt) : 'not lifted'}</td>
<td data-label="By" class="clock">${liftedBy ?? '–'}</td>
<td data-label="Affected" class="${touched === 0 ? 'bad' : ''}">${count(touched)}</td>
<td data-label="Left behind" class="${residue.length > 0 ? 'bad' : 'good'}">${residue.length === 0 ? 'nothing' : residue.join('; ')}</td></tr>`,
)}
</tbody></table></section>`;
}
