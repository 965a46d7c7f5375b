import type { Row } from '../databases/session.ts';
import { isJobOrderState, jobOrderStates } from '../job-order-state.ts';
import type { Metric } from '../metric.ts';
import { type HistogramValue, type Sample, type Series, sample } from '../sample.ts';
import { numberIn, textIn } from './cells.ts';
import { histogramIn } from './histogram-cells.ts';
import { type StateMetric, stateMetricOf } from './mappable.ts';
import type { MappedMetricSpec, StateNames } from './schema.ts';
import { SeriesOfRows } from './series-of-rows.ts';

/** What one metric got from the rows of one scrape. With a failure it got nothing: a part would look like the whole. */
export interface MappedResult {
  readonly samples: readonly Sample[];
  readonly failure?: Error;
}

/** One metric of a query or an endpoint: makes series of rows, and keeps them from scrape to scrape. */
export class MappedMetric {
  readonly metric: Metric;
  readonly #spec: MappedMetricSpec;
  readonly #target: string;
  readonly #stateNames: StateNames;
  readonly #states: StateMetric | undefined;
  /** Labels with their columns. */
  readonly #columns: readonly (readonly [label: string, column: string])[];
  readonly #series: SeriesOfRows;
  #samples: Sample[] = [];
  /** Where states are merged: what each series has come to so far. */
  #merged = new Map<string, number>();
  #failure: Error | undefined;

  constructor(metric: Metric, spec: MappedMetricSpec, target: string, stateNames: StateNames) {
    this.metric = metric;
    this.#spec = spec;
    this.#target = target;
    this.#stateNames = stateNames;
    this.#states = stateMetricOf(metric);
    this.#columns = Object.entries(spec.labels);
    this.#series = new SeriesOfRows(metric);
  }

  /** How many series it has so far. */
  get size(): number {
    return this.#samples.length;
  }

  /** Begins a scrape, also when the one before broke off. */
  begin(): void {
    this.#series.begin();
    this.#release();
  }

  #release(): void {
    this.#samples = [];
    this.#merged = new Map();
    this.#failure = undefined;
  }

  /** Takes one row. After one that it cannot read it takes no more. */
  add(row: Row): void {
    if (this.#failure !== undefined) return;
    try {
      this.#take(row);
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  /** Ends the scrape. */
  end(): MappedResult {
    this.#series.sweep();
    const samples = this.#states === undefined ? this.#samples : this.#withAllStates(this.#states);
    const failure = this.#failure;
    this.#release();
    return failure === undefined ? { samples } : { samples: [], failure };
  }

  #take(row: Row): void {
    const value = this.#valueIn(row);
    if (value === null) return;
    const series = this.#series.once(this.#keyOf(row), () => this.#labelsOf(row));
    if (this.#states === undefined || typeof value !== 'number') this.#samples.push({ series, value });
    else this.#merge(this.#states, series, value);
  }

  /** One key for one combination of texts. Labels are cleaned of the separator anyway. */
  #keyOf(row: Row): string {
    let key = '';
    for (const [, column] of this.#columns) key += withoutSeparator(textIn(row, column)) + separator;
    return key;
  }

  #valueIn(row: Row): number | HistogramValue | null {
    const { value, buckets, sum, count } = this.#spec;
    if (typeof value === 'number') return value;
    if (buckets !== undefined && sum !== undefined && count !== undefined)
      return histogramIn(row, { buckets, sum, count });
    const number = numberIn(row, value ?? '');
    if (number !== null && number < 0 && this.metric.type === 'counter')
      throw new Error(`column "${value}" is negative, which a counter never is: ${number}`);
    return number;
  }

  #labelsOf(row: Row): Record<string, string> {
    const labels: Record<string, string> = { target: this.#target };
    for (const [label, text] of Object.entries(this.#spec.fixed))
      labels[label] = this.#isStateLabel(label) ? (this.#stateNames[text] ?? text) : text;
    for (const [label, column] of this.#columns) {
      const text = textIn(row, column);
      labels[label] = this.#isStateLabel(label) ? this.#stateOf(text, column) : text;
    }
    return labels;
  }

  #isStateLabel = (label: string): boolean => this.#states?.labels.includes(label) ?? false;

  #stateOf(word: string, column: string): string {
    const state = Object.hasOwn(this.#stateNames, word) ? this.#stateNames[word] : undefined;
    if (state !== undefined) return state;
    if (isJobOrderState(word)) return word;
    throw new Error(
      `column "${column}" says "${word}": no job-order state of ISA-95, and states: does not name one for it`,
    );
  }

  #merge({ merge }: StateMetric, series: Series, value: number): void {
    const before = this.#merged.get(series.prefix);
    if (before === undefined) this.#samples.push({ series, value });
    this.#merged.set(series.prefix, before === undefined ? value : merge(before, value));
  }

  #withAllStates({ everyState }: StateMetric): Sample[] {
    const found = this.#samples.map(({ series, value }) => ({
      series,
      value: this.#merged.get(series.prefix) ?? value,
    }));
    if (!everyState || this.#spec.labels.state === undefined) return found;
    const empty = jobOrderStates
      .map((state) => sample(this.metric, { target: this.#target, state }, 0))
      .filter(({ series }) => !this.#merged.has(series.prefix));
    return found.concat(empty);
  }
}

const separator = '\0';

const withoutSeparator = (text: string): string =>
  text.includes(separator) ? text.replaceAll(separator, ' ') : text;
