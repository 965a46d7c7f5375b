import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { withSpan } from '../kit/tracing.ts';
import { metrics } from './catalogue.ts';
import type { Collector } from './collector.ts';
import { type CollectorResult, CollectorRun } from './collector-run.ts';
import { type Sample, sample } from './sample.ts';

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

export interface ScraperOptions {
  collectors: readonly Collector[];
  /** Of the package, for mes_exporter_build_info. */
  version: string;
  /** The most series one collector may publish in one scrape. */
  seriesLimit: number;
  clock: Clock;
  log: Log;
}

/** All collectors side by side: the slowest of them decides, and none takes another's metrics away. */
export class Scraper implements Disposable {
  readonly #runs: readonly CollectorRun[];
  readonly #version: string;

  constructor({ collectors, version, seriesLimit, clock, log }: ScraperOptions) {
    this.#runs = collectors.map((collector) => new CollectorRun(collector, seriesLimit, clock, log));
    this.#version = version;
  }

  get collectors(): readonly Collector[] {
    return this.#runs.map(({ collector }) => collector);
  }

  /** One scrape of the collectors that are meant; settles within the limit whatever the targets do. */
  scrape(
    limitMs: number,
    isMeant: (collector: Collector) => boolean = () => true,
  ): Promise<CollectorResult[]> {
    const meant = this.#runs.filter(({ collector }) => isMeant(collector));
    const attributes = () => ({ 'andon.collectors': meant.length, 'andon.limit_ms': limitMs });
    return withSpan('scrape', { attributes }, () => Promise.all(meant.map((run) => run.run(limitMs))));
  }

  /** Everything that a scrape publishes, `mes_exporter_build_info` included. */
  samplesOf(results: readonly CollectorResult[]): (readonly Sample[])[] {
    const build = { version: this.#version, node_version: process.version };
    const own = [sample(metrics.buildInfo, build, 1), sample(metrics.andonBuildInfo, build, 1)];
    return [...results.map(({ samples }) => samples), own];
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs) run[Symbol.dispose]();
  }
}
