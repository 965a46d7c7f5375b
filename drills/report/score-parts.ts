import type { Expectations, Facts } from './expectations.ts';
import { deliveryOf, expectedRun } from './expected-run.ts';
import { faultStageOf, withinLoadLimits } from './load-limits.ts';
import type { Report } from './schema.ts';

/** One part of the score: its weight among all parts, and the share of it that a run earned. */
interface Part {
  weight: number;
  /** 0 to 1; undefined when the drill expects nothing of the kind. */
  share: (facts: Facts, expected: Expectations) => number | undefined;
}

/** Nothing measured earns nothing. */
const shareOf = (results: readonly { ok: boolean }[]): number =>
  results.length === 0 ? 0 : results.filter(({ ok }) => ok).length / results.length;

/** An alert in time earns all, a late one half; one that nobody wanted counts as another one missed. */
function alertShare({ alerts }: Facts): number | undefined {
  const judged = alerts.filter(({ expected, ok }) => expected || !ok);
  if (judged.length === 0) return undefined;
  const earned = judged.map(({ expected, ok, deliveredAt }) => (ok ? 1 : expected && deliveredAt ? 0.5 : 0));
  return earned.reduce<number>((sum, value) => sum + value, 0) / judged.length;
}

function runbookShare({ runbooks, alerts }: Facts, { runbook }: Expectations): number | undefined {
  if (!runbook) return undefined;
  const ran = expectedRun(runbooks, runbook.name);
  if (ran?.outcome !== 'succeeded') return 0;
  const delivered = deliveryOf(ran, alerts);
  const late =
    delivered && ran.finishedAt && Date.parse(ran.finishedAt) - Date.parse(delivered) > runbook.within;
  return late ? 0.5 : 1;
}

function loadShare({ load, stages, faults }: Facts, { load: limits }: Expectations): number | undefined {
  if (!limits) return undefined;
  const during = load && faultStageOf(load, stages, faults);
  if (!during) return 0;
  const { errorsOk, p95Ok } = withinLoadLimits(during, limits);
  return (Number(errorsOk) + Number(p95Ok)) / 2;
}

const recoveryShare = ({ ok, seconds }: Report['recovery']): number => (ok ? 1 : seconds === null ? 0 : 0.5);

/** A fault that touched nothing proved nothing, and one that left something behind is worse than none. */
const residueShare = ({ faults }: Facts): number =>
  shareOf(faults.map(({ touched, residue }) => ({ ok: touched > 0 && residue.length === 0 })));

/** The parts of the score, by the names used in `weights`. Light and lost work weigh most: they are what a drill is for. */
export const scoreParts: Record<string, Part> = {
  hypothesisBefore: { weight: 5, share: ({ hypothesis }) => shareOf(hypothesis.before) },
  alerts: { weight: 25, share: alertShare },
  runbook: { weight: 10, share: runbookShare },
  hypothesisDuring: {
    weight: 15,
    share: ({ hypothesis }, expected) => (expected.holds_during ? shareOf(hypothesis.during) : undefined),
  },
  load: { weight: 15, share: loadShare },
  production: {
    weight: 25,
    share: ({ production }, expected) => (expected.production ? Number(production.ok) : undefined),
  },
  recovery: { weight: 10, share: ({ recovery }) => recoveryShare(recovery) },
  hypothesisAfter: { weight: 15, share: ({ hypothesis }) => shareOf(hypothesis.after) },
  residue: { weight: 10, share: residueShare },
};
