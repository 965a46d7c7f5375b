import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { metrics } from './catalogue.ts';
import type { Collector } from './collector.ts';
import { CollectorRun } from './collector-run.ts';
import { renderExposition } from './exposition.ts';
import { sample } from './sample.ts';

/** Time left for rendering and the way back, so that Prometheus never gives up first. */
const reserveMs = 500;
/** For who asks without Prometheus' header, a browser for instance. */
const usualLimitMs = 3500;
const shortestLimitMs = 100;

/** How long a scrape may take, from Prometheus' own header in seconds. */
export function scrapeLimitMs(timeoutHeader: string | undefined): number {
  const seconds = Number(timeoutHeader);
  if (timeoutHeader === undefined || !Number.isFinite(seconds) || seconds <= 0) return usualLimitMs;
  return Math.max(shortestLimitMs, seconds * 1000 - reserveMs);
}

/** All collectors side by side: the slowest of them decides, and none takes another's metrics away. */
export class Scraper implements Disposable {
  readonly #runs: readonly CollectorRun[];
  readonly #version: string;

  constructor(collectors: readonly Collector[], version: string, clock: Clock, log: Log) {
    this.#runs = collectors.map((collector) => new CollectorRun(collector, clock, log));
    this.#version = version;
  }

  /** One scrape as text; settles within the limit whatever the targets do. */
  async scrape(limitMs: number): Promise<string> {
    const found = await Promise.all(this.#runs.map((run) => run.samples(limitMs)));
    const build = sample(metrics.buildInfo, { version: this.#version, node_version: process.version }, 1);
    return renderExposition([...found.flat(), build]);
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs) run[Symbol.dispose]();
  }
}
