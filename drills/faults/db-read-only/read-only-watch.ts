import type { Clock } from '../../../kit/clock.ts';
import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { sharedAnswer } from '../db/shared-answer.ts';
import type { ReadOnlySwitch, Witness } from './switch.ts';

/** Sessions are seen after a refusal until their next statement: often enough to meet most of them. */
const lookEveryMs = 250;

/** Looks several times a second who is refused, and whether the server is still read-only; connects again after a restart. */
export class ReadOnlyWatch implements AsyncDisposable {
  /** Resolves when somebody else lets the server be written to. */
  readonly liftedByOthers: Promise<string>;
  readonly #engine: DrillEngine;
  readonly #way: ReadOnlySwitch;
  readonly #witness: Witness;
  readonly #lifted: (by: string) => void;
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;
  #session: DrillSession;
  #refused = 0;

  /** Looks once more and says whether the server is read-only still. */
  readonly look = sharedAnswer(async (): Promise<boolean> => {
    const cutOff = this.#session.isOver;
    if (cutOff) this.#session = await this.#engine.ask();
    const isOn = await this.#way.isOn(this.#session);
    this.#refused = Math.max(this.#refused, await this.#witness.look(this.#session));
    if (!isOn && !this.#stop.signal.aborted) this.#lifted(cutOff ? 'server' : 'runbook');
    return isOn;
  });

  constructor(
    engine: DrillEngine,
    way: ReadOnlySwitch,
    session: DrillSession,
    witness: Witness,
    clock: Clock,
    onError: (error: unknown) => void,
  ) {
    const lifted = Promise.withResolvers<string>();
    this.liftedByOthers = lifted.promise;
    this.#lifted = lifted.resolve;
    this.#engine = engine;
    this.#way = way;
    this.#session = session;
    this.#witness = witness;
    this.#looking = this.#keepLooking(clock, onError);
  }

  /** How many have been refused so far. */
  get refused(): number {
    return this.#refused;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await this.#session[Symbol.asyncDispose]();
  }

  async #keepLooking(clock: Clock, onError: (error: unknown) => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Without an answer nothing is known: it is asked again.
      if (!(await this.look().catch((error) => onError(error) ?? true))) return;
      await clock.sleep(lookEveryMs, this.#stop.signal).catch(() => {});
    }
  }
}
