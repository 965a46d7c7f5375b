import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import { metrics } from './catalogue.ts';
import type { Collected, Collector } from './collector.ts';
import { type Sample, sample } from './sample.ts';

/**
 * Runs one collector so that it can neither fail nor hang a scrape. One run at a time: a scrape that
 * comes while one is under way joins it, so that a stuck target is not asked again and again.
 */
export class CollectorRun implements Disposable {
  readonly #collector: Collector;
  readonly #clock: Clock;
  readonly #log: Log;
  #underWay: Promise<Collected> | undefined;
  #lastFailure: string | undefined;

  constructor(collector: Collector, clock: Clock, log: Log) {
    this.#collector = collector;
    this.#clock = clock;
    this.#log = log.child({ collector: collector.name, target: collector.target });
  }

  /** What the collector found, plus its own success and duration, at the latest when the time is over. */
  async samples(limitMs: number): Promise<Sample[]> {
    const started = this.#clock.now();
    const { samples, failure } = await this.#collect(Math.min(limitMs, this.#collector.timeoutMs));
    this.#report(failure);
    const labels = { collector: this.#collector.name, target: this.#collector.target };
    return [
      ...samples,
      sample(metrics.collectorSuccess, labels, failure === undefined ? 1 : 0),
      sample(metrics.collectorDuration, labels, (this.#clock.now() - started) / 1000),
    ];
  }

  async #collect(timeoutMs: number): Promise<Collected> {
    const signal = AbortSignal.timeout(timeoutMs);
    this.#underWay ??= this.#start(signal);
    const silence = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => silence.reject(new Error(`no answer within ${timeoutMs} ms`)));
    try {
      return await Promise.race([this.#underWay, silence.promise]);
    } catch (failure) {
      return { samples: this.#collector.whenSilent, failure };
    }
  }

  async #start(signal: AbortSignal): Promise<Collected> {
    try {
      return await this.#collector.collect(signal);
    } finally {
      this.#underWay = undefined;
    }
  }

  /** One line when a collector begins to fail, fails otherwise or works again; not one for each scrape. */
  #report(failure: unknown): void {
    const message = failure === undefined ? undefined : messageOf(failure);
    if (message === this.#lastFailure) return;
    if (message === undefined) this.#log.info('collector works again');
    else this.#log.warn({ reason: message }, 'collector failed');
    this.#lastFailure = message;
  }

  [Symbol.dispose](): void {
    this.#collector[Symbol.dispose]();
  }
}
