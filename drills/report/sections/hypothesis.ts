import { type Html, html } from '../../../kit/safe-html.ts';
import { measured } from '../numbers.ts';
import type { Report } from '../schema.ts';

type Result = Report['hypothesis']['before'][number];

/** The steady state before, during and after the fault; during it the worst answer. */
export function hypothesisSection({ hypothesis }: Report): Html {
  const phases = [hypothesis.before, hypothesis.during, hypothesis.after];
  const probes = [...new Map(phases.flat().map((result) => [result.name, result.expect]))];
  if (probes.length === 0) return html``;
  const cell = (label: string, results: readonly Result[], name: string) => {
    const result = results.find((candidate) => candidate.name === name);
    const judged = result === undefined ? '' : result.ok ? 'good' : label === 'During' ? 'hurt' : 'bad';
    const shown =
      result === undefined ? 'not asked' : result.value === null ? 'no answer' : measured(result.value);
    return html`<td data-label="${label}" class="${judged}">${result && html`<i class="dot"></i>`}${shown}</td>`;
  };
  return html`<section><h2>Steady state</h2>
<p class="lead">During the fault the worst answer counts; it may miss its limit, before and after it may not.</p>
<table class="wide"><thead><tr><th>Probe</th><th>Expected</th><th>Before</th><th>During</th><th>After</th></tr></thead><tbody>
${probes.map(
  ([
    name,
    expect,
  ]) => html`<tr><td data-label="Probe">${name}</td><td data-label="Expected"><code>${expect}</code></td>
${cell('Before', hypothesis.before, name)}${cell('During', hypothesis.during, name)}${cell('After', hypothesis.after, name)}</tr>`,
)}
</tbody></table></section>`;
}
