import { type Html, html } from '../../../kit/safe-html.ts';
import { between, clockOf, seconds } from '../numbers.ts';
import type { Report } from '../schema.ts';

type Alert = Report['alerts'][number];
type Runbook = Report['runbooks'][number];

/** Each alert against the clock: how long after the fault each step came, and whether delivery kept its bound. */
export function stopwatchSection({ alerts, runbooks }: Report): Html {
  if (alerts.length === 0)
    return html`<section><h2>Stopwatch</h2><p>No alert was expected, and none fired.</p></section>`;
  return html`<section class="stopwatch"><h2>Stopwatch</h2>
<p class="lead">Seconds after the fault, and the time of day (UTC).</p>
<table class="wide"><thead><tr><th>Alert</th><th>Injected</th><th>Pending</th><th>Firing</th><th>Delivered</th><th>Bound</th><th>Runbook started</th><th>Finished</th><th>Resolved</th></tr></thead><tbody>
${alerts.map((alert) => alertRow(alert, runbooks))}
</tbody></table>${runbookNotes(alerts, runbooks)}</section>`;
}

function alertRow(alert: Alert, runbooks: readonly Runbook[]): Html {
  const run = runbooks.find((runbook) => runbook.alert === alert.alert);
  const since = stepSince(alert);
  const { boundSeconds: bound, timeToDetectSeconds: took, expected, ok } = alert;
  return html`<tr class="${ok ? '' : 'failed'}"><td data-label="Alert"><b>${alert.alert}</b><small>${tierOf(alert)}${expected ? '' : ok ? ', also fired' : ', unwanted'}</small></td>
${step('Injected', alert.injectedAt, alert.injectedAt === null ? '–' : '0 s')}
${step('Pending', alert.pendingAt, since(alert.pendingAt))}
${step('Firing', alert.firingAt, since(alert.firingAt))}
<td data-label="Delivered" class="${verdictClass(alert)}"><b>${took === null ? since(alert.deliveredAt) : seconds(took)}</b>${alert.deliveredAt && html`<small>${clockOf(alert.deliveredAt)}</small>`}</td>
<td data-label="Bound">${bound === null ? '–' : seconds(bound)}${bound !== null && took !== null && html`<small>${seconds(Math.abs(bound - took))} ${took <= bound ? 'spare' : 'over'}</small>`}</td>
${step('Runbook started', run?.startedAt ?? null, run ? since(run.startedAt) : '–')}
${step('Finished', run?.finishedAt ?? null, run ? since(run.finishedAt) : '–')}
${step('Resolved', alert.resolvedAt, since(alert.resolvedAt))}</tr>`;
}

const tierOf = ({ tier }: Alert): string => (tier === 'none' ? 'no tier' : `tier ${tier}`);
const verdictClass = ({ expected, ok }: Alert): string => (ok ? (expected ? 'good' : '') : 'bad');

const step = (label: string, at: string | null, shown: string): Html =>
  html`<td data-label="${label}">${shown}${at && html`<small>${clockOf(at)}</small>`}</td>`;

const stepSince =
  ({ injectedAt, expected }: Alert) =>
  (at: string | null): string => {
    if (at === null) return expected ? 'never' : '–';
    return injectedAt === null ? clockOf(at) : seconds(between(injectedAt, at));
  };

/** Every runbook run in words: the table has room for one for each alert. */
function runbookNotes(alerts: readonly Alert[], runbooks: readonly Runbook[]): Html {
  if (runbooks.length === 0) return html`<p class="note">No runbook ran.</p>`;
  return html`<ul class="note">${runbooks.map(({ name, alert, startedAt, finishedAt, outcome }) => {
    const delivered = alerts.find((known) => known.alert === alert)?.deliveredAt;
    const took = startedAt && finishedAt ? `, in ${seconds(between(startedAt, finishedAt))}` : '';
    const fromAlert =
      delivered && finishedAt ? `, ${seconds(between(delivered, finishedAt))} after the delivery` : '';
    return html`<li>Runbook <b>${name}</b>${alert && ` for ${alert}`}: ${outcome}${took}${fromAlert}.</li>`;
  })}</ul>`;
}
