import { messageOf } from '../../../kit/errors.ts';
import type { Host, Plan } from '../../fault.ts';
import { leaseMs } from '../../lease.ts';

/**
 * Does something again and again until it is disposed of, or finds that it slept longer than a lease: by then the fault has been
 * taken back, and whatever it would do would break it anew.
 */
export class Watch implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #working: Promise<void>;

  constructor(
    everyMs: number,
    { kind, target }: Plan,
    { clock, log }: Host,
    look: (signal: AbortSignal) => Promise<void>,
  ) {
    const { signal } = this.#stop;
    this.#working = (async () => {
      for (let last = clock.now(); ; ) {
        await clock.sleep(everyMs, signal);
        if (clock.now() - last > leaseMs + everyMs) return;
        last = clock.now();
        await look(signal).catch((error: unknown) => {
          if (!signal.aborted)
            log.warn({ target, error: messageOf(error) }, `${kind} could not be looked after`);
        });
      }
    })().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the fault is lifted'));
    await this.#working;
  }
}
