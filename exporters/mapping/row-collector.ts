import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../../kit/errors.ts';
import { metrics } from '../catalogue.ts';
import type { Collected, Collector, ScrapeRun } from '../collector.ts';
import type { Row } from '../databases/session.ts';
import { type Sample, sample } from '../sample.ts';
import { mappableMetric } from './mappable.ts';
import { MappedMetric, type MappedResult } from './mapped-metric.ts';
import type { MappedMetricSpec, StateNames } from './schema.ts';

/** A query or an endpoint: what it is called in messages, and its rows. */
export interface RowSource {
  /** `query work_orders`, `endpoint operations`. */
  readonly what: string;
  /** The label `collector`. */
  readonly name: string;
  /** The target that is asked: the label `target` of the collector's own metrics. */
  readonly asked: string;
  readonly timeoutMs: number;
  readonly metrics: readonly MappedMetricSpec[];
  rows(run: ScrapeRun): AsyncIterable<readonly Row[]>;
}

/** Whose metrics they are. */
export interface MappedMes {
  /** The target that is the MES: the label `target` of the metrics. */
  readonly name: string;
  readonly states: StateNames;
  /** With more series than this of one metric no further rows are read: what is over would be left out anyway. */
  readonly seriesLimit: number;
}

/** A collector of its own for each query and each endpoint, so that one which fails leaves the others. */
export function rowCollector(source: RowSource, mes: MappedMes): Collector {
  const mapped = source.metrics.map(
    (spec) => new MappedMetric(mappableMetric(spec.metric), spec, mes.name, mes.states),
  );
  const tellsUp = mapped.some(({ metric }) => metric.name === metrics.up.name);
  return {
    name: source.name,
    target: source.asked,
    timeoutMs: source.timeoutMs,
    whenSilent: tellsUp ? [sample(metrics.up, { target: mes.name }, 0)] : [],
    async collect(run) {
      for (const metric of mapped) metric.begin();
      try {
        await readRows(source.rows(run), mapped, mes.seriesLimit);
      } catch (error) {
        throw new Error(`${source.what}: ${messageOf(error)}`);
      }
      return collected(source.what, mapped);
    },
    [Symbol.dispose]: () => {},
  };
}

async function readRows(
  batches: AsyncIterable<readonly Row[]>,
  mapped: readonly MappedMetric[],
  seriesLimit: number,
): Promise<void> {
  for await (const rows of batches) {
    for (let from = 0; from < rows.length; from += rowsInATurn) {
      const to = Math.min(rows.length, from + rowsInATurn);
      for (const metric of mapped)
        for (let index = from; index < to; index += 1) metric.add(rows[index] as Row);
      await setImmediate();
    }
    if (mapped.some(({ size }) => size > seriesLimit)) return;
  }
}

/** So many rows are read before others get their turn: 1 to 2 ms with a few metrics. */
const rowsInATurn = 500;

/** What each metric found. One that failed has none, and the failures name them all. */
function collected(what: string, mapped: readonly MappedMetric[]): Collected {
  const results = mapped.map((metric): [MappedMetric, MappedResult] => [metric, metric.end()]);
  const samples = ([] as Sample[]).concat(...results.map(([, result]) => result.samples));
  const failures = results.flatMap(([{ metric }, { failure }]) =>
    failure === undefined ? [] : [`${what}, metric ${metric.name}: ${failure.message}`],
  );
  return failures.length === 0 ? { samples } : { samples, failure: new Error(failures.join('; ')) };
}
