import { type Html, html } from '../../../kit/safe-html.ts';
import { count, plural, seconds } from '../numbers.ts';
import type { Report } from '../schema.ts';

/** Everything that came true, in words; failed checks stand among the findings. */
export function passedChecks(report: Report): string[] {
  const { hypothesis, alerts, faults, runbooks, recovery, production } = report;
  const held = (when: string, results: Report['hypothesis']['before']) =>
    results
      .filter(({ ok }) => ok)
      .map(({ name, value, expect }) => `Steady ${when}: ${name} was ${value} (expected ${expect})`);
  const none: [string, number][] = [
    ['was lost', production.lost],
    ['took effect twice', production.duplicated],
    ['is stale', production.stale],
    ['was applied out of order', production.outOfOrder],
  ];
  return [
    ...held('before', hypothesis.before),
    ...faults
      .filter(({ touched }) => touched > 0)
      .map(({ kind, target, touched }) => `${kind} on ${target} met the plant: ${count(touched)} affected`),
    ...faults
      .filter(({ residue, injectedAt }) => residue.length === 0 && injectedAt)
      .map(({ kind, target }) => `${kind} on ${target} left nothing behind`),
    ...alerts
      .filter(({ expected, ok }) => expected && ok)
      .map(
        ({ alert, timeToDetectSeconds: took, boundSeconds: bound }) =>
          `${alert} was delivered after ${seconds(took ?? 0)}${bound === null ? '' : `, its bound is ${seconds(bound)}`}`,
      ),
    ...runbooks
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ name }) => `Runbook ${name} succeeded`),
    ...(production.acknowledged === 0
      ? []
      : none
          .filter(([, value]) => value === 0)
          .map(([what]) => `Of ${plural(production.acknowledged, 'acknowledged operation')} none ${what}`)),
    ...(recovery.ok && recovery.seconds !== null
      ? [
          `The steady state was back after ${seconds(recovery.seconds)}, the limit is ${seconds(recovery.limitSeconds)}`,
        ]
      : []),
    ...held('after', hypothesis.after),
  ];
}

/** The passed checks, folded. */
export function checksSection(report: Report): Html {
  const checks = passedChecks(report);
  if (checks.length === 0) return html``;
  return html`<section class="checks"><details><summary>${plural(checks.length, 'passed check')}</summary><ul>
${checks.map((check) => html`<li>${check}</li>`)}</ul></details></section>`;
}
