import { always, type RuleCase, type Series, type Timeline, until, valuesOn } from '../testing/rule-case.ts';

const events = (slo: string) => `mes:slo_events:rate1m{target="mes",slo="${slo}"}`;
const errors = (slo: string) => `mes:slo_errors:rate1m{target="mes",slo="${slo}"}`;
const given = ['mes:slo_events:rate1m', 'mes:slo_errors:rate1m'];

/** Ten operations a second, of which so large a share is bad from a step on. */
function burning(slo: string, timeline: Timeline, share: number, from = 0): Series {
  const { at, always: steady } = valuesOn(timeline);
  return { [events(slo)]: steady(10), [errors(slo)]: at((step) => (step < from ? 0 : 10 * share)) };
}

/** Burn rate, and how the long window is tested: its length in steps of so many minutes, evaluated at every so many of them. */
interface Pair {
  readonly factor: number;
  readonly steps: number;
  readonly stepMinutes: number;
  readonly evaluateEvery: number;
}
const fast: Pair = { factor: 14.4, steps: 60, stepMinutes: 1, evaluateEvery: 1 };
const lasting: Pair = { factor: 6, steps: 360, stepMinutes: 1, evaluateEvery: 10 };
const daily: Pair = { factor: 3, steps: 288, stepMinutes: 5, evaluateEvery: 6 };
const chronic: Pair = { factor: 1, steps: 864, stepMinutes: 5, evaluateEvery: 12 };

/** The budget is burned just over and just under the factor. */
function pair(
  [alert, slo, budget]: readonly [string, string, number],
  tier: 'A' | 'B' | 'C',
  { factor, steps, stepMinutes, evaluateEvery }: Pair,
): RuleCase {
  const timeline = { stepSeconds: stepMinutes * 60, firingStep: steps + evaluateEvery, evaluateEvery };
  return {
    alert,
    tier,
    fires: burning(slo, timeline, factor * budget * 1.01),
    justUnder: burning(slo, timeline, factor * budget * 0.99),
    whenMissing: 'silent',
    labels: { target: 'mes', slo },
    timeline,
    given,
  };
}

const success = ['MesSuccessBudgetBurning', 'operations-succeed', 0.005] as const;
const latency = ['MesLatencyBudgetBurning', 'operations-are-quick', 0.01] as const;
const twoHours = { stepSeconds: 60, firingStep: 120 };
const outage = pair(success, 'A', fast);
const minutes = valuesOn(twoHours);

export const sloCases: readonly RuleCase[] = [
  outage,
  pair(success, 'A', lasting),
  pair(success, 'B', daily),
  pair(success, 'C', chronic),
  pair(latency, 'A', fast),
  pair(latency, 'A', lasting),
  pair(latency, 'B', daily),
  pair(latency, 'C', chronic),
  // It was bad enough for the hour, but the last five minutes are good again.
  {
    ...outage,
    timeline: twoHours,
    fires: burning(success[1], twoHours, 1, 100),
    justUnder: {
      [events(success[1])]: minutes.always(10),
      [errors(success[1])]: minutes.at((step) => (step > 90 && step < 114 ? 10 : 0)),
    },
  },
  // A plant that has run for half an hour, and one with less than a hundred operations in the hour.
  {
    ...outage,
    timeline: twoHours,
    fires: burning(success[1], twoHours, 1, 100),
    justUnder: {
      [events(success[1])]: minutes.at((step) => (step < 90 ? '_' : 10)),
      [errors(success[1])]: minutes.at((step) => (step < 90 ? '_' : 10)),
    },
  },
  {
    ...outage,
    timeline: twoHours,
    fires: {
      [events(success[1])]: minutes.always(100 / 3600 + 0.001),
      [errors(success[1])]: minutes.always(100 / 3600),
    },
    justUnder: {
      [events(success[1])]: minutes.always(97 / 3600),
      [errors(success[1])]: minutes.always(97 / 3600),
    },
  },
  {
    alert: 'MesSloUnmeasured',
    tier: 'C',
    fires: { [events('quick')]: valuesOn({ stepSeconds: 15, firingStep: 24 }).until('_', 1, 300_000) },
    justUnder: { [events('quick')]: always(1), [errors('quick')]: until(0, 0, 0) },
    whenMissing: 'silent',
    labels: { target: 'mes', slo: 'quick' },
    timeline: { stepSeconds: 15, firingStep: 24 },
    given,
  },
];
