import { type Html, html, joinedName } from '../../../kit/safe-html.ts';
import { deliveryOf } from '../expected-run.ts';
import { between, clockOf, milliseconds, seconds } from '../numbers.ts';
import { type RunbookTime, runbookTimes, startLimitSeconds } from '../runbook-times.ts';
import type { Report } from '../schema.ts';

type Runbook = Report['runbooks'][number];

/** From the alert to proven recovery: every run of a runbook, with the time between its stations, and what the drill proved. */
export function runbookSteps({ runbooks, alerts, proof }: Report): Html {
  if (runbooks.length === 0) return html`<p class="note">No runbook ran.</p>${proofNote(proof)}`;
  return html`<h3>From the alert to proven recovery</h3>
<p class="lead">Time since the step before; a runbook is wanted to start within ${seconds(startLimitSeconds)} of the delivery.</p>
<table class="wide"><thead><tr><th>Runbook</th><th>Alert delivered</th><th>Runbook started</th><th>Target healed</th><th>Verified</th><th>In all</th></tr></thead><tbody>
${runbooks.map((run) => runbookRow(run, alerts))}
</tbody></table>${proofNote(proof)}`;
}

function runbookRow(run: Runbook, alerts: Report['alerts']): Html {
  const { name, alert, outcome, reason } = run;
  const good = outcome === 'succeeded';
  return html`<tr class="${good ? '' : 'failed'}"><td data-label="Runbook"><b>${name}</b><small>${alert && html`for ${joinedName(alert)}: `}${stateOf(run)}</small>${!good && reason && html`<small class="why">${reason}</small>`}</td>
${runbookTimes(run, alerts).map((station, index) => stationCell(station, index === 1 ? startClass(station) : ''))}
${inAll(run, deliveryOf(run, alerts))}</tr>`;
}

const stateOf = ({ outcome, state }: Runbook): string =>
  outcome === 'running' && state !== undefined ? state.replace('-', ' ') : outcome;

const startClass = ({ after }: RunbookTime): string =>
  after === null ? '' : after <= startLimitSeconds ? 'good' : 'hurt';

const stationCell = ({ label, at, after }: RunbookTime, kind: string): Html =>
  html`<td data-label="${label}" class="${kind}">${at === null ? 'never' : after === null ? clockOf(at) : html`<b>+ ${brief(after)}</b><small>${clockOf(at)}</small>`}</td>`;

/** A runbook is often done before a second is over. */
const brief = (value: number): string => (value < 1 ? milliseconds(value * 1000) : seconds(value));

/** From the delivery, or where no alert began it from its start, to the end of the run. */
function inAll({ startedAt, finishedAt }: Runbook, delivered: string | null): Html {
  const from = delivered ?? startedAt;
  return html`<td data-label="In all">${from && finishedAt ? brief(Math.max(0, between(from, finishedAt))) : '–'}${finishedAt && html`<small>ended ${clockOf(finishedAt)}</small>`}</td>`;
}

function proofNote(proof: Report['proof']): Html {
  if (!proof) return html``;
  const { runbook, passed, delivered, text } = proof;
  return html`<p class="note">${passed ? 'This drill proves' : 'This drill does not prove'} runbook <b>${runbook}</b>${delivered ? '; ' : html`, <span class="hurt">and that is not on record</span>: `}${text}.</p>`;
}
