import { between, clockOf, count, list, plural, seconds } from './numbers.ts';
import type { Report } from './schema.ts';
import { endOf } from './words.ts';

/** What happened, in three plain sentences: what was done, whether the light came on, what became of production. */
export function storyOf(report: Report): string[] {
  if (report.verdict === 'not-run')
    return ['The preflight refused, so nothing was touched and nothing was proven.'];
  return [whatWasDone(report), whetherTheLightCameOn(report), whatBecameOfProduction(report)];
}

function whatWasDone({ faults }: Report): string {
  const done = faults.filter(({ injectedAt }) => injectedAt !== null);
  if (done.length === 0) return 'No fault was put in.';
  const clauses = done.map(({ kind, target, injectedAt, liftedAt, liftedBy, touched, affects }) => {
    const stayed = injectedAt && liftedAt ? ` for ${seconds(between(injectedAt, liftedAt))}` : '';
    const met = affects === undefined ? count(touched) : plural(touched, affects);
    return `${kind} on ${target}${stayed}, ${endOf(liftedBy)} (${met} affected)`;
  });
  return `At ${clockOf(done[0]?.injectedAt ?? '')} UTC the drill began to break the plant on purpose: ${list(clauses)}.`;
}

function whetherTheLightCameOn({ alerts, runbooks }: Report): string {
  const expected = alerts.filter((alert) => alert.expected);
  if (expected.length === 0) {
    const rang = alerts.filter(({ ok }) => !ok);
    return rang.length === 0
      ? 'No alert was expected, and none rang that should not.'
      : `No alert was expected, but ${list(rang.map(({ alert }) => alert))} rang.`;
  }
  const clauses = expected.map(({ alert, timeToDetectSeconds: took, boundSeconds: bound }) => {
    if (took === null) return `${alert} never reached anybody`;
    if (bound === null) return `${alert} was delivered after ${seconds(took)}`;
    const margin = seconds(Math.abs(bound - took));
    return `${alert} was delivered after ${seconds(took)}, ${margin} ${took <= bound ? 'within' : 'over'} its bound of ${seconds(bound)}`;
  });
  const healed = runbooks
    .filter(({ startedAt }) => startedAt !== null)
    .map(({ name, startedAt, finishedAt, outcome }) =>
      outcome === 'not-needed'
        ? `runbook ${name} was not needed`
        : startedAt && finishedAt
          ? `runbook ${name} ${outcome} in ${seconds(between(startedAt, finishedAt))}`
          : `runbook ${name} is ${outcome}`,
    );
  return `${list(clauses)}${healed.length === 0 ? '' : `; ${list(healed)}`}.`;
}

function whatBecameOfProduction({ production, recovery }: Report): string {
  const { acknowledged, lost, duplicated, lineStopSeconds } = production;
  const ledger =
    acknowledged === 0
      ? 'Production was not counted'
      : `Of ${count(acknowledged)} acknowledged operations ${count(lost)} ${lost === 1 ? 'was' : 'were'} lost and ${count(duplicated)} duplicated, and lines stood still for ${seconds(lineStopSeconds)}`;
  const back =
    recovery.seconds === null
      ? `the steady state did not come back within ${seconds(recovery.limitSeconds)}`
      : `the plant was steady again ${seconds(recovery.seconds)} after healing`;
  return `${ledger}; ${back}.`;
}
