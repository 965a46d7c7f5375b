import type { Witness } from '../db/held-session.ts';
import { behind, type Wait } from '../db/waits.ts';

/** Counts the sessions that were ever seen waiting for one holder, or in the queue behind. */
export class BlockedSessions implements Witness {
  readonly #holder: number;
  readonly #waits: () => Promise<Wait[]>;
  readonly #seen = new Set<string>();

  /** `waits` tells of everybody on the server who waits now. */
  constructor(holder: number, waits: () => Promise<Wait[]>) {
    this.#holder = holder;
    this.#waits = waits;
  }

  get count(): number {
    return this.#seen.size;
  }

  async look(): Promise<void> {
    for (const { key } of behind(await this.#waits(), [this.#holder])) this.#seen.add(key);
  }
}
