import { always, growing, type RuleCase, until } from '../testing/rule-case.ts';

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
];

/** Operation → how many are attempted and how many of those fail, in each scrape. Old counters, so that rates are exact. */
function operations(perStep: Record<string, readonly [number, number]>) {
  const old = (values: ReturnType<typeof growing>) => values.map((value) => Number(value) + 1000);
  return Object.fromEntries(
    Object.entries(perStep).flatMap(([operation, [total, failed]]) => [
      [`mes_operations_total{target="mes",operation="${operation}"}`, old(growing(total))],
      [`mes_operations_failed_total{target="mes",operation="${operation}"}`, old(growing(failed))],
    ]),
  );
}
