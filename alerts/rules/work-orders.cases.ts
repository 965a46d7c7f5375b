import { at, firingSecond, type RuleCase, type Series, type Values, valuesOn } from '../testing/rule-case.ts';

const limit = 3600;
const oldest = (state: string) =>
  `mes_work_order_oldest_state_entry_timestamp_seconds{target="mes",state="${state}"}`;
const limitOf = (state: string) => `mes_work_order_state_limit_seconds{target="mes",state="${state}"}`;

/** A work order that is so many seconds old in its state one `for` before the firing step, and stays there. */
const order = (state: string, ageAtFiring: number): Series => ({
  [oldest(state)]: at(() => firingSecond - ageAtFiring),
  [limitOf(state)]: at(() => limit),
});
const overdue = (tier: 'A' | 'B', limits: number, forSeconds: number): RuleCase => ({
  alert: 'MesWorkOrdersOverdue',
  tier,
  fires: order('interrupted', limits * limit + forSeconds + 1),
  justUnder: { ...order('interrupted', limits * limit), ...order('running', 10) },
  whenMissing: 'silent',
  labels: { target: 'mes', state: 'interrupted' },
});

// A day of planned hours, with room for the window of 4 h.
const halfHour = { stepSeconds: 30, firingStep: 60 };
const minutes = valuesOn(halfHour);
const windowSteps = 30;
const moves = (from: string, to: string, line = 'L1') =>
  `mes_work_order_transitions_total{target="mes",line="${line}",from="${from}",to="${to}"}`;
const planned = (line = 'L1') => `mes_line_planned_busy{target="mes",line="${line}"}`;
/** Moves until so many steps before the firing one. */
const stoppedFor = (steps: number): Values =>
  minutes.at((step) => 1000 + Math.min(step, halfHour.firingStep - steps));

const idle = (series: Series): Series => ({
  [moves('running', 'ended')]: stoppedFor(windowSteps),
  [planned()]: minutes.always(1),
  ...series,
});
const byPlan: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesLineIdle',
  tier: 'A',
  fires: idle({}),
  whenMissing: 'silent',
  labels: { target: 'mes', line: 'L1' },
  timeline: halfHour,
  notEarlier: true,
};
const byShift: Omit<RuleCase, 'justUnder'> = {
  ...byPlan,
  tier: 'B',
  fires: { [moves('running', 'ended')]: stoppedFor(windowSteps) },
  inShift: true,
};

const days = { stepSeconds: 3600, firingStep: 15 * 24, evaluateEvery: 6 };
const hours = valuesOn(days);
/** A line that is planned ten hours a day and makes so many good parts in each hour, from the second week on so many. */
const output = (before: number, after: number): Series => {
  const week = days.firingStep - 1 - 7 * 24;
  const of = (metric: string) => `${metric}{target="mes",line="L1"}`;
  return {
    [of('mes_planned_run_time_per_item_seconds')]: hours.always(10),
    [of('mes_planned_busy_seconds_total')]: hours.growing(1500),
    [of('mes_good_items_total')]: hours.at(
      (step) => Math.min(step, week) * before + Math.max(0, step - week) * after,
    ),
  };
};

export const workOrderCases: readonly RuleCase[] = [
  overdue('A', 3, 10),
  overdue('B', 1, 60),
  { ...byPlan, justUnder: idle({ [moves('running', 'ended')]: stoppedFor(windowSteps - 1) }) },
  // The plan says that it need not move, or has said so until a moment ago, or there is no plan.
  { ...byPlan, justUnder: idle({ [planned()]: minutes.always(0) }) },
  { ...byPlan, justUnder: idle({ [planned()]: minutes.at((step) => (step < 40 ? 0 : 1)) }) },
  { ...byPlan, justUnder: { [moves('running', 'ended')]: stoppedFor(windowSteps) } },
  // A young plant, and a move that was never made before.
  {
    ...byPlan,
    justUnder: idle({ [moves('running', 'ended')]: minutes.at((step) => (step < 35 ? '_' : 7)) }),
  },
  {
    ...byPlan,
    justUnder: idle({ [moves('running', 'aborted')]: minutes.at((step) => (step < 50 ? '_' : 1)) }),
  },
  // It moved while nobody scraped.
  {
    ...byPlan,
    justUnder: idle({
      [moves('running', 'ended')]: minutes.at((step) => (step < 33 ? 1000 : step < 50 ? 'stale' : 1005)),
    }),
  },
  // A line without a plan, and one that has not worked since yesterday.
  { ...byShift, justUnder: idle({}) },
  { ...byShift, justUnder: { [moves('running', 'ended')]: minutes.always(7) } },
  {
    alert: 'MesOeeDown',
    tier: 'C',
    fires: output(100, 79),
    justUnder: output(100, 81),
    whenMissing: 'silent',
    labels: { target: 'mes', line: 'L1' },
    timeline: days,
  },
  // A week in which it was hardly planned.
  {
    alert: 'MesOeeDown',
    tier: 'C',
    fires: output(100, 70),
    justUnder: {
      ...output(100, 70),
      'mes_planned_busy_seconds_total{target="mes",line="L1"}': hours.growing(100),
    },
    whenMissing: 'silent',
    labels: { target: 'mes', line: 'L1' },
    timeline: days,
  },
];
