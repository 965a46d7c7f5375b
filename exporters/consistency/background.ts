import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Targets } from '../../kit/targets.ts';
import { compareAside } from './compare-aside.ts';
import type { DestinationReport } from './comparison.ts';
import type { ComparisonConfig } from './config.ts';

export interface BackgroundOptions {
  readonly config: ComparisonConfig;
  readonly targets: Targets;
  readonly clock: Clock;
}

/** Makes one comparison again and again, on its interval and never two at once, and keeps what the last ones found. */
export class BackgroundComparison implements Disposable {
  readonly #options: BackgroundOptions;
  readonly #end = new AbortController();
  #isStarted = false;
  #reports: readonly DestinationReport[];

  constructor(options: BackgroundOptions) {
    this.#options = options;
    this.#reports = options.config.destinations.map(({ system }) => ({ destination: system }));
  }

  /** For each destination the last outcome there was, and why the last comparison brought none if it did not. */
  get reports(): readonly DestinationReport[] {
    return this.#reports;
  }

  /** Begins, once: nothing is connected before. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#repeat();
  }

  async #repeat(): Promise<void> {
    const { config, clock } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      const next = clock.now() + config.interval;
      await this.#once(signal);
      await clock.sleep(Math.max(0, next - clock.now()), signal).catch(() => {});
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    try {
      this.#note(await compareAside(this.#options.config, { ...this.#options, signal }));
    } catch (error) {
      if (signal.aborted) return;
      const failure = messageOf(error);
      this.#note(this.#reports.map(({ destination }) => ({ destination, failure })));
    }
  }

  #note(reports: readonly DestinationReport[]): void {
    const before = new Map(this.#reports.map(({ destination, outcome }) => [destination, outcome]));
    this.#reports = reports.map(({ destination, outcome, failure }) => ({
      destination,
      outcome: outcome ?? before.get(destination),
      failure,
    }));
  }

  [Symbol.dispose](): void {
    this.#end.abort(new Error('the exporter ends'));
  }
}
