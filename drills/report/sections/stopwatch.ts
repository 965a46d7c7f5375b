import { type Html, html, joinedName } from '../../../kit/safe-html.ts';
import { between, clockOf, seconds } from '../numbers.ts';
import type { Report } from '../schema.ts';
import { runbookSteps } from './runbook-steps.ts';

type Alert = Report['alerts'][number];

/** Each alert against the clock, whether delivery kept its bound, and how each runbook went on from there. */
export function stopwatchSection(report: Report): Html {
  const { alerts } = report;
  if (alerts.length === 0)
    return html`<section><h2>Stopwatch</h2><p>No alert was expected, and none fired.</p></section>`;
  return html`<section class="stopwatch"><h2>Stopwatch</h2>
<p class="lead">Seconds after the fault, and the time of day (UTC).</p>
<table class="wide"><thead><tr><th>Alert</th><th>Injected</th><th>Pending</th><th>Firing</th><th>Delivered</th><th>Bound</th><th>Resolved</th></tr></thead><tbody>
${alerts.map(alertRow)}
</tbody></table>${runbookSteps(report)}</section>`;
}

function alertRow(alert: Alert): Html {
  const since = stepSince(alert);
  const { boundSeconds: bound, timeToDetectSeconds: took, expected, ok } = alert;
  return html`<tr class="${ok ? '' : 'failed'}"><td data-label="Alert"><b>${joinedName(alert.alert)}</b><small>${tierOf(alert)}${expected ? '' : ok ? ', also fired' : ', unwanted'}</small></td>
${step('Injected', alert.injectedAt, alert.injectedAt === null ? '–' : '0 s')}
${step('Pending', alert.pendingAt, since(alert.pendingAt))}
${step('Firing', alert.firingAt, since(alert.firingAt))}
<td data-label="Delivered" class="${verdictClass(alert)}"><b>${took === null ? since(alert.deliveredAt) : seconds(took)}</b>${alert.deliveredAt && html`<small>${clockOf(alert.deliveredAt)}</small>`}</td>
<td data-label="Bound">${bound === null ? '–' : seconds(bound)}${bound !== null && took !== null && html`<small>${seconds(Math.abs(bound - took))} ${took <= bound ? 'spare' : 'over'}</small>`}</td>
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
