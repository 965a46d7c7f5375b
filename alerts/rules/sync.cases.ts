import { at, firingSecond, type RuleCase, type Series, type Values, valuesOn } from '../testing/rule-case.ts';

const way = { target: 'mes', source: 'mes', destination: 'erp', entity: 'orders' };
const labels = 'target="mes",source="mes",destination="erp",entity="orders"';

const late = (tier: 'A' | 'B' | 'C', intervals: number, forSeconds: number): RuleCase => {
  const series = (age: number): Series => ({
    [`mes_sync_last_success_timestamp_seconds{${labels}}`]: at(() => firingSecond - age),
    [`mes_sync_interval_seconds{${labels}}`]: at(() => 60),
  });
  return {
    alert: 'MesSyncLate',
    tier,
    fires: series(intervals * 60 + forSeconds + 1),
    justUnder: series(intervals * 60),
    whenMissing: 'silent',
    labels: way,
  };
};

const halfHour = { stepSeconds: 30, firingStep: 60 };
/** Its values on the timeline of `rising`. */
export const onHalfHour = valuesOn(halfHour);

/** What rises, and what only goes up and down, has few, or has only just appeared: the cases of `rising`. */
export function risingCases(
  base: Pick<RuleCase, 'alert' | 'tier' | 'labels'>,
  series: string,
  least: number,
): RuleCase[] {
  const of = (values: Values): Series => ({ [series]: values });
  const testCase = (fires: Values, justUnder: Values): RuleCase => ({
    ...base,
    fires: of(fires),
    justUnder: of(justUnder),
    whenMissing: 'silent',
    timeline: halfHour,
  });
  const climbing = onHalfHour.at((step) => least + step);
  const end = halfHour.firingStep;
  return [
    testCase(
      climbing,
      onHalfHour.at((step) => least + (step % 20)),
    ),
    // From 15 to 10 min ago it was at its highest just as high as the lowest of the last 5 min.
    testCase(
      climbing,
      onHalfHour.at((step) => (step === end - 20 ? least + 9 : step > end - 11 ? least + 9 : least)),
    ),
    testCase(
      onHalfHour.at((step) => (step > end - 11 ? least : least - 1)),
      onHalfHour.at((step) => (step > end - 11 ? least - 1 : 0)),
    ),
    testCase(
      climbing,
      onHalfHour.at((step) => (step < 45 ? '_' : least + step)),
    ),
  ];
}

export const syncCases: readonly RuleCase[] = [
  late('A', 10, 10),
  late('B', 4, 30),
  late('C', 2, 30),
  ...risingCases(
    { alert: 'MesSyncPendingRising', tier: 'B', labels: way },
    `mes_sync_pending_records{${labels}}`,
    10,
  ),
];
