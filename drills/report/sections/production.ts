import { type Html, html } from '../../../kit/safe-html.ts';
import { count, list, plural, seconds } from '../numbers.ts';
import type { Report } from '../schema.ts';

/** The production ledger: what was acknowledged, against what every system holds. */
export function productionSection({ production }: Report): Html {
  const { acknowledged, applied, lost, duplicated, stale, outOfOrder, lineStopSeconds, ok, examples } =
    production;
  if (acknowledged === 0 && ok)
    return html`<section><h2>Production ledger</h2><p>Production was not counted in this run.</p></section>`;
  const figure = (name: string, value: string, meaning: string, bad = false) =>
    html`<div class="${bad ? 'bad' : ''}"><dt>${name}</dt><dd><b>${value}</b><span>${meaning}</span></dd></div>`;
  return html`<section class="production"><h2>Production ledger</h2>
<p class="lead">What people were told is done, compared with what every system holds. ${ok ? html`<b class="good">It agrees.</b>` : html`<b class="bad">It does not agree.</b>`}</p>
<dl class="figures">
${figure('Acknowledged', count(acknowledged), 'operations that somebody was told are done')}
${figure('Applied', count(applied), 'of these, in every system')}
${figure('Lost', count(lost), 'missing in at least one', lost > 0)}
${figure('Duplicated', count(duplicated), 'took effect more than once', duplicated > 0)}
${figure('Stale', count(stale), 'work units that show an older state', stale > 0)}
${figure('Out of order', count(outOfOrder), 'applied after a later one', outOfOrder > 0 && !ok)}
${figure('Lines stood still', seconds(lineStopSeconds), 'sum over all lines')}
</dl>${examplesTable(examples)}</section>`;
}

/** More examples than these are folded. */
const examplesOpen = 6;

function examplesTable(examples: Report['production']['examples']): Html {
  if (examples.length === 0) return html``;
  const grouped = Map.groupBy(examples, ({ operation, problem }) => `${operation} ${problem}`);
  return html`<details${grouped.size <= examplesOpen && ' open'}><summary>${plural(grouped.size, 'example')}</summary><table class="plain"><thead><tr><th>Operation</th><th>Problem</th><th>In</th></tr></thead><tbody>
${[...grouped.values()].map(
  (group) =>
    html`<tr><td><code>${group[0]?.operation}</code></td><td>${group[0]?.problem}</td><td>${list(group.map(({ system }) => system))}</td></tr>`,
)}
</tbody></table></details>`;
}
