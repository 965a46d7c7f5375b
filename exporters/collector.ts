import type { Router } from 'express';
import type { Sample } from './sample.ts';

/** What one collector found in one scrape. With a `failure` the samples are what it could still find out. */
export interface Collected {
  readonly samples: readonly Sample[];
  readonly failure?: unknown;
}

/** One piece of work of a collector, for `debug=true`: a query, a request. */
export interface Step {
  readonly what: string;
  readonly ms: number;
  readonly error?: string;
}

/** One run of a collector: how long it has, and where it notes what it does. */
export interface ScrapeRun {
  /** Aborts when the time of this run is over. */
  readonly signal: AbortSignal;
  /** Milliseconds until then; 0 when it is over. */
  remainingMs(): number;
  /** Does a piece of work and notes what it was, how long it took and how it ended. */
  step<T>(what: string, work: () => Promise<T>): Promise<T>;
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
  collect(run: ScrapeRun): Promise<Collected>;
  /** What it serves over HTTP besides its metrics: a door for heartbeats, the records that differ. */
  routes?(router: Router): void;
  /** Routes that check by themselves who may come: what the web configuration asks of others does not hold for them. */
  ownDoor?(router: Router): void;
}

/** The usual limit of one collector: under the 3.5 s that a scrape has when Prometheus gives it 4 s. */
export const collectorTimeoutMs = 3000;
