import { metrics } from '../exporters/catalogue.ts';
import { parseDuration } from '../kit/duration.ts';
import { anyOf, promString } from './prometheus-text.ts';
import type { RecordingRule } from './rule.ts';
import { type BurnWindows, burnWindows, type Slo } from './slos.ts';

/** Operations per second that an SLO is about, and those of them that were not good, over 1 min, by target and slo. */
export const sloEvents = 'mes:slo_events:rate1m';
export const sloErrors = 'mes:slo_errors:rate1m';
const sloBudget = 'mes:slo_budget:ratio';

/** The same over one hour: days are summed from hours. */
const hourly = (record: string): string => record.replace('rate1m', 'rate1h');

/** How many times faster than allowed the budget was spent over a window, by target and slo. */
export const burnRecord = (window: string): string => `mes:slo_burn:ratio${window}`;

/** Nearly the whole window must be known: a plant of ten minutes has not burned its budget of six hours. */
const leastKnown = 0.9;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Everything the burn-rate alerts are made of. The raw counters are read over one minute only; hours are summed from those minutes
 * and days from those hours, so that three days cost a hundred numbers and not millions.
 */
export function burnRules(slos: readonly Slo[], leastOperations: number): RecordingRule[] {
  if (slos.length === 0) return [];
  const each = (exprOf: (slo: Slo) => string): string =>
    slos.map((slo) => `label_replace(${exprOf(slo)}, "slo", ${promString(slo.name)}, "", "")`).join('\nor\n');
  const pairs: readonly BurnWindows[] = Object.values(burnWindows).flat();
  const windows = new Set(pairs.flatMap(({ long, short }) => [short, long]));
  return [
    {
      record: sloBudget,
      slow: true,
      expr: each(({ objective }) => `vector(${Number((1 - objective).toPrecision(9))})`),
    },
    { record: sloEvents, expr: each(eventsOf) },
    { record: sloErrors, expr: each(errorsOf) },
    ...[sloEvents, sloErrors].map((record) => ({
      record: hourly(record),
      slow: true,
      expr: `avg_over_time(${record}[1h:1m])`,
    })),
    ...[...windows].map((window) => burnRule(window, leastOperations)),
  ];
}

function burnRule(window: string, leastOperations: number): RecordingRule {
  const ms = parseDuration(window) ?? 0;
  const isDays = ms >= dayMs;
  const tile = isDays ? { name: '1h', ms: hourMs } : { name: '1m', ms: 60_000 };
  const over = (record: string) => `${isDays ? hourly(record) : record}[${window}:${tile.name}]`;
  // An hour is the shortest window over which there must be enough operations to speak of a share.
  const least = ms < hourMs ? '> 0' : `>= ${leastOperations} / ${tile.ms / 1000}`;
  return {
    record: burnRecord(window),
    ...(isDays ? { slow: true } : {}),
    expr: `sum_over_time(${over(sloErrors)}) / (sum_over_time(${over(sloEvents)}) ${least}) / on (slo) group_left () ${sloBudget}
and count_over_time(${over(sloEvents)}) >= ${Math.floor((leastKnown * ms) / tile.ms)}`,
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
