import type { Clock } from '../../kit/clock.ts';
import type { Database } from '../database/database.ts';

/** Whether the database answers now. However many ask at a time, one question is on its way. */
export class Readiness {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #asked: Promise<boolean> | undefined;

  constructor(database: Database, clock: Clock, timeoutMs: number) {
    this.#database = database;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** False when it did not answer in time; the question itself may go on, and later callers share it. */
  async check(): Promise<boolean> {
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    const timer = new AbortController();
    const late = this.#clock.sleep(this.#timeoutMs, timer.signal).then(
      () => false,
      () => false,
    );
    const answer = await Promise.race([this.#asked, late]);
    timer.abort();
    return answer;
  }

  async #ask(): Promise<boolean> {
    try {
      await this.#database.run((session) => session.query({ name: 'ready', text: 'SELECT 1' }, []));
      return true;
    } catch {
      return false;
    }
  }
}
