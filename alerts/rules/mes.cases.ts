import { always, growing, type RuleCase, type Series, until, valuesOn } from '../testing/rule-case.ts';

const sixMinutes = { stepSeconds: 15, firingStep: 24 };
const slow = valuesOn(sixMinutes);

/** Operation → how many are attempted and how many of those fail, in each scrape. */
const operations = (perStep: Record<string, readonly [number, number]>): Series =>
  Object.fromEntries(
    Object.entries(perStep).flatMap(([operation, [total, failed]]) => [
      [`mes_operations_total{target="mes",operation="${operation}"}`, growing(total)],
      [`mes_operations_failed_total{target="mes",operation="${operation}"}`, growing(failed)],
    ]),
  );

/** So many operations in each scrape, and how many of them wait up to one, three and ten seconds. */
const waits = (all: number, upTo: readonly [number, number, number]): Series => {
  const of = (part: string, more = '') =>
    `mes_operation_wait_seconds_${part}{target="mes",operation="report"${more}}`;
  const bounds = ['1', '3', '10'];
  return {
    ...Object.fromEntries(
      bounds.map((le, index) => [of('bucket', `,le="${le}"`), slow.growing(upTo[index] ?? 0)]),
    ),
    [of('bucket', ',le="+Inf"')]: slow.growing(all),
    [of('count')]: slow.growing(all),
  };
};

const isSlow: Omit<RuleCase, 'fires' | 'justUnder'> = {
  alert: 'MesOperationsSlow',
  tier: 'B',
  whenMissing: 'silent',
  labels: { target: 'mes', operation: 'report' },
  timeline: sixMinutes,
};

export const mesCases: readonly RuleCase[] = [
  {
    alert: 'MesDown',
    tier: 'A',
    fires: { 'mes_up{target="mes"}': until(1, 0, 10_000) },
    justUnder: { 'mes_up{target="mes"}': always(1) },
    whenMissing: 'silent',
    labels: { target: 'mes' },
  },
  {
    alert: 'MesOperationsFailing',
    tier: 'A',
    // Two operations that fail and one that works: well over half.
    fires: operations({ report: [2, 2], start: [1, 0] }),
    // As many work as fail: just half.
    justUnder: operations({ report: [2, 2], start: [2, 0] }),
    whenMissing: 'silent',
    labels: { target: 'mes' },
  },
  // Six of a hundred wait longer, and five.
  { ...isSlow, fires: waits(100, [50, 94, 100]), justUnder: waits(100, [50, 95, 100]) },
  // One operation in a scrape is 20 in 5 min; a little fewer say nothing.
  { ...isSlow, fires: waits(1, [0, 0, 1]), justUnder: waits(0.98, [0, 0, 0.98]) },
];
