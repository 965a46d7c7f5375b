import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import { failSpan, noteEvent, withSpan } from '../kit/tracing.ts';
import { metrics } from './catalogue.ts';
import type { Collected, Collector, ScrapeRun, Step } from './collector.ts';
import { type Sample, sample } from './sample.ts';

/** What one collector found in one scrape, its own success and duration included, and how it went about it. */
export interface CollectorResult {
  readonly collector: string;
  readonly target: string;
  readonly samples: readonly Sample[];
  readonly ms: number;
  readonly failure: string | undefined;
  readonly steps: readonly Step[];
}

type Run = Promise<{ collected: Collected; steps: readonly Step[] }>;

/**
 * Runs one collector so that it can neither fail nor hang a scrape. One run at a time: a scrape that
 * comes while one is under way joins it, so that a stuck target is not asked again and again.
 */
export class CollectorRun implements Disposable {
  readonly collector: Collector;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #seriesLimit: number;
  #underWay: Run | undefined;
  #steps: Step[] = [];
  #lastFailure: string | undefined;
  #lastSuccessMs: number | undefined;
  #dropped = 0;
  #isOverLimit = false;

  constructor(collector: Collector, seriesLimit: number, clock: Clock, log: Log) {
    this.collector = collector;
    this.#seriesLimit = seriesLimit;
    this.#clock = clock;
    this.#log = log.child({ collector: collector.name, target: collector.target });
  }

  /** One run, or the rest of the one under way; over at the latest when the time is. */
  run(limitMs: number): Promise<CollectorResult> {
    const { name, target } = this.collector;
    const joined = this.#underWay !== undefined;
    const attributes = () => ({ 'andon.collector': name, 'andon.target': target, 'andon.joined': joined });
    return withSpan(`collect ${name}`, { attributes }, async (span) => {
      const result = await this.#run(limitMs);
      if (result.failure !== undefined) failSpan(span, result.failure);
      span.setAttribute('andon.outcome', result.failure === undefined ? 'succeeded' : 'failed');
      span.setAttribute('andon.samples', result.samples.length);
      return result;
    });
  }

  async #run(limitMs: number): Promise<CollectorResult> {
    const started = this.#clock.now();
    const { collected, steps } = await this.#collect(Math.min(limitMs, this.collector.timeoutMs));
    const failure = collected.failure === undefined ? undefined : messageOf(collected.failure);
    this.#report(failure);
    const ms = this.#clock.now() - started;
    const { name, target } = this.collector;
    const samples = this.#withOwn(this.#limited(collected.samples), failure, ms);
    return { collector: name, target, samples, ms, failure, steps };
  }

  async #collect(timeoutMs: number): Run {
    this.#underWay ??= this.#start(timeoutMs);
    const silence = Promise.withResolvers<never>();
    const timer = setTimeout(() => silence.reject(silent(timeoutMs)), timeoutMs);
    try {
      return await Promise.race([this.#underWay, silence.promise]);
    } catch (failure) {
      return { collected: { samples: this.collector.whenSilent, failure }, steps: [...this.#steps] };
    } finally {
      clearTimeout(timer);
    }
  }

  async #start(timeoutMs: number): Run {
    const steps: Step[] = [];
    this.#steps = steps;
    // Not AbortSignal.timeout: that would keep everything this run found until its time is over.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(silent(timeoutMs)), timeoutMs);
    const end = this.#clock.now() + timeoutMs;
    try {
      return { collected: await this.collector.collect(this.#scrapeRun(limit.signal, end, steps)), steps };
    } finally {
      clearTimeout(timer);
      this.#underWay = undefined;
    }
  }

  #scrapeRun(signal: AbortSignal, end: number, steps: Step[]): ScrapeRun {
    const clock = this.#clock;
    const note = (step: Step) => {
      steps.push(step);
      noteEvent(step.what, () => ({
        ms: step.ms,
        ...(step.error === undefined ? {} : { error: step.error }),
      }));
    };
    return {
      signal,
      remainingMs: () => Math.max(0, end - clock.now()),
      async step(what, work) {
        const from = clock.now();
        try {
          const done = await work();
          note({ what, ms: clock.now() - from });
          return done;
        } catch (error) {
          note({ what, ms: clock.now() - from, error: messageOf(error) });
          throw error;
        }
      },
    };
  }

  #limited(samples: readonly Sample[]): readonly Sample[] {
    const over = samples.length - this.#seriesLimit;
    this.#dropped += Math.max(0, over);
    if (over > 0 && !this.#isOverLimit)
      this.#log.warn({ dropped: over, limit: this.#seriesLimit }, 'too many series: the rest is left out');
    this.#isOverLimit = over > 0;
    return over > 0 ? samples.slice(0, this.#seriesLimit) : samples;
  }

  #withOwn(samples: readonly Sample[], failure: string | undefined, ms: number): readonly Sample[] {
    const labels = { collector: this.collector.name, target: this.collector.target };
    if (failure === undefined) this.#lastSuccessMs = this.#clock.now();
    const own = [
      sample(metrics.collectorSuccess, labels, failure === undefined ? 1 : 0),
      sample(metrics.collectorDuration, labels, ms / 1000),
      sample(metrics.collectorSeriesDropped, labels, this.#dropped),
    ];
    if (this.#lastSuccessMs !== undefined)
      own.push(sample(metrics.collectorLastSuccess, labels, this.#lastSuccessMs / 1000));
    return samples.concat(own);
  }

  /** One line when a collector begins to fail, fails otherwise or works again; not one for each scrape. */
  #report(failure: string | undefined): void {
    if (failure === this.#lastFailure) return;
    if (failure === undefined) this.#log.info('collector works again');
    else this.#log.warn({ reason: failure }, 'collector failed');
    this.#lastFailure = failure;
  }

  [Symbol.dispose](): void {
    this.collector[Symbol.dispose]();
  }
}

const silent = (timeoutMs: number): Error => new Error(`no answer within ${timeoutMs} ms`);
