import {
  always,
  at,
  firingSecond,
  type RuleCase,
  type Series,
  until,
  type Values,
  valuesOn,
} from '../testing/rule-case.ts';

const pair = 'target="stock",source="mes",destination="erp"';
const labels = { target: 'stock', source: 'mes', destination: 'erp' };
const of = (metric: string) => `mes_consistency_${metric}_records{${pair},dimension="quantity"}`;

const many = (mismatched: Values, compared: number): Series => ({
  [of('mismatched')]: mismatched,
  [of('compared')]: always(compared),
});
const manyDiffer: Omit<RuleCase, 'fires' | 'justUnder'> = {
  alert: 'MesRecordsDiffer',
  tier: 'A',
  whenMissing: 'silent',
  labels: { ...labels, dimension: 'quantity' },
};

// A comparison each 2 min; the one at step 20 is the first that finds something, so the one at step 36 is the third.
const quarterHour = { stepSeconds: 15, firingStep: 36 };
const { at: on, always: steady } = valuesOn(quarterHour);
const everySteps = 8;
const checkOf = (step: number): number => Math.floor((step - 4) / everySteps);
/** How many records each comparison found, the fifth being the one before the firing step. */
const checks = (found: readonly number[], more: Series = {}): Series => ({
  [of('mismatched')]: on((step) => found[Math.min(Math.max(checkOf(step), 0), found.length - 1)] ?? 0),
  [`mes_consistency_last_check_timestamp_seconds{${pair}}`]: on(
    (step) => (4 + checkOf(step) * everySteps) * quarterHour.stepSeconds,
  ),
  [`mes_consistency_check_interval_seconds{${pair}}`]: steady(everySteps * quarterHour.stepSeconds),
  ...more,
});
const someDiffer: Omit<RuleCase, 'justUnder'> = {
  ...manyDiffer,
  tier: 'B',
  fires: checks([0, 0, 3, 1, 2]),
  timeline: quarterHour,
  notEarlier: true,
};

const overdue = (age: number): Series => ({
  [`mes_consistency_last_check_timestamp_seconds{${pair}}`]: at(() => firingSecond - age),
  [`mes_consistency_check_interval_seconds{${pair}}`]: always(60),
});

export const consistencyCases: readonly RuleCase[] = [
  { ...manyDiffer, fires: many(until(0, 101, 10_000), 1_000_000), justUnder: many(always(100), 1_000_000) },
  { ...manyDiffer, fires: many(until(0, 11, 10_000), 1000), justUnder: many(always(10), 1000) },
  // Few of few are no share to speak of.
  { ...manyDiffer, fires: many(until(0, 5, 10_000), 20), justUnder: many(always(4), 20) },
  { ...someDiffer, justUnder: checks([0, 0, 0, 3, 1]) },
  { ...someDiffer, justUnder: checks([0, 3, 3, 0, 1]) },
  // The second comparison that found something is long ago: a third has not been made.
  {
    ...someDiffer,
    justUnder: checks([0, 0, 3, 3, 3], {
      [`mes_consistency_last_check_timestamp_seconds{${pair}}`]: on(
        (step) => Math.min(step, 28) * quarterHour.stepSeconds,
      ),
    }),
  },
  {
    alert: 'MesConsistencyCheckOverdue',
    tier: 'B',
    fires: overdue(2 * 60 + 30 + 1),
    justUnder: overdue(2 * 60),
    whenMissing: 'silent',
    labels,
  },
];
