import type { Clock } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { escalate } from './escalation.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { NotifyStore } from './store.ts';

const everyMs = 1000;

export interface TimekeeperOptions {
  store: NotifyStore;
  heartbeat: Heartbeat;
  maxAgeMs: number;
  keepMs: number;
  clock: Clock;
  log: Log;
  /** Lets the senders look again: a command such as `andon notify retry` may have queued something. */
  wake: () => void;
}

/** What happens by itself as time goes by: escalation, the heartbeat, giving up and forgetting. */
export class Timekeeper implements AsyncDisposable {
  readonly #options: TimekeeperOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: TimekeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Looks once. */
  look(now: number): void {
    const { store, heartbeat, maxAgeMs, keepMs, wake } = this.#options;
    heartbeat.look(now);
    escalate(store, now);
    const tooOld = `not delivered within ${promDuration(maxAgeMs)}`;
    store.transaction(() => store.deadLetters.buryOlderThan(now - maxAgeMs, now, tooOld));
    store.prune(now - keepMs);
    wake();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.look(clock.now());
      } catch (error) {
        log.error({ error: messageOf(error) }, 'the store of the notifier cannot be used');
      }
      await clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
