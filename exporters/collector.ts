import type { Sample } from './sample.ts';

/** What one collector found in one scrape. With a `failure` the samples are what it could still find out. */
export interface Collected {
  readonly samples: readonly Sample[];
  readonly failure?: unknown;
}

/** Measures one thing of one target. It keeps what it needs between scrapes, such as its own connection, until disposed. */
export interface Collector extends Disposable {
  /** The label `collector`: locks, connections, mes, … */
  readonly name: string;
  /** The label `target`: the name in andon.yaml of the system it asks. */
  readonly target: string;
  /** Its own limit for one scrape; the deadline of the whole scrape may be nearer. */
  readonly timeoutMs: number;
  /** What holds when it fails or gives no answer in time: `mes_db_up 0`. */
  readonly whenSilent: readonly Sample[];
  /** Must settle soon after the signal aborts, and leave nothing running on the target. */
  collect(signal: AbortSignal): Promise<Collected>;
}

/** The usual limit of one collector: under the 3.5 s that a scrape has when Prometheus gives it 4 s. */
export const collectorTimeoutMs = 3000;
