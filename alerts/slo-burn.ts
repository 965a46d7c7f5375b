import { metrics } from '../exporters/catalogue.ts';
import { parseDuration } from '../kit/duration.ts';
import { anyOf, promString } from './prometheus-text.ts';
import type { RecordingRule } from './rule.ts';
import { type BurnWindows, burnWindows, type Slo } from './slos.ts';

/** Operations per second that an SLO is about, and those of them that were not good, over 1 min, by target and slo. */
export const sloEvents = 'mes:slo_events:rate1m';
export const sloErrors = 'mes:slo_errors:rate1m';
const sloBudget = 'mes:slo_budget:ratio';

/** How many times faster than allowed the budget was spent over a window, by target and slo. */
export const burnRecord = (window: string): string => `mes:slo_burn:ratio${window}`;

/** Nearly the whole window must be known: a plant of ten minutes has not burned its budget of six hours. */
const leastKnown = 0.9;
/** From this window on there must be enough operations in it to speak of a share. */
const longFromMs = 3_600_000;

/**
 * Everything the burn-rate alerts are made of. The raw counters are read over one minute only; every window is summed from
 * those minutes, so that three days cost thousands of numbers and not millions.
 */
export function burnRules(slos: readonly Slo[], leastOperations: number): RecordingRule[] {
  if (slos.length === 0) return [];
  const each = (exprOf: (slo: Slo) => string): string =>
    slos.map((slo) => `label_replace(${exprOf(slo)}, "slo", ${promString(slo.name)}, "", "")`).join('\nor\n');
  const pairs: readonly BurnWindows[] = Object.values(burnWindows).flat();
  const windows = new Set(pairs.flatMap(({ long, short }) => [short, long]));
  return [
    { record: sloBudget, expr: each(({ objective }) => `vector(${Number((1 - objective).toPrecision(9))})`) },
    { record: sloEvents, expr: each(eventsOf) },
    { record: sloErrors, expr: each(errorsOf) },
    ...[...windows].map((window) => burnRule(window, leastOperations)),
  ];
}

function burnRule(window: string, leastOperations: number): RecordingRule {
  const ms = parseDuration(window) ?? 0;
  const minutes = `[${window}:1m]`;
  const events = `sum_over_time(${sloEvents}${minutes})`;
  const least = ms < longFromMs ? '> 0' : `>= ${leastOperations} / 60`;
  return {
    record: burnRecord(window),
    expr: `sum_over_time(${sloErrors}${minutes}) / (${events} ${least}) / on (slo) group_left () ${sloBudget}
and count_over_time(${sloEvents}${minutes}) >= ${Math.floor((leastKnown * ms) / 60_000)}`,
  };
}

const rateOf = (name: string, matchers: readonly string[]): string =>
  `sum by (target) (rate(${name}${matchers.length > 0 ? `{${matchers.join(',')}}` : ''}[1m]))`;

const operationsOf = ({ operations }: Slo): string[] =>
  operations === undefined ? [] : [`operation=~${promString(anyOf(operations))}`];

const eventsOf = (slo: Slo): string =>
  rateOf(
    slo.within === undefined ? metrics.operations.name : `${metrics.operationWait.name}_count`,
    operationsOf(slo),
  );

function errorsOf(slo: Slo): string {
  if (slo.within === undefined) return rateOf(metrics.operationsFailed.name, operationsOf(slo));
  // Prometheus 3 writes the bound 1 as 1.0.
  const bound = `le=~${promString(`${anyOf([String(slo.within / 1000)])}([.]0)?`)}`;
  const quick = rateOf(`${metrics.operationWait.name}_bucket`, [...operationsOf(slo), bound]);
  return `clamp_min(${eventsOf(slo)} - ${quick}, 0)`;
}
