import { waitFor } from '../../../kit/wait.ts';
import type { Injection } from '../../fault.ts';
import { lastingResidue } from '../../residue.ts';
import type { DrillEngine } from '../db/drill-session.ts';

/** Recovery from a crash takes seconds after the process lives; the runner's own limit for lifting is 20 s. */
const answerMs = 15_000;

/** A database server that was stopped: over when it answers again, not merely when its process lives. */
export class RestartedServer implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #target: string;
  readonly #stopped: Injection;
  readonly #engine: DrillEngine;
  readonly #cutOff: number;
  #lifting: Promise<void> | undefined;

  /** `cutOff`: the sessions of others that ended with the server. */
  constructor(target: string, stopped: Injection, engine: DrillEngine, cutOff: number) {
    this.#target = target;
    this.#stopped = stopped;
    this.#engine = engine;
    this.#cutOff = cutOff;
    this.liftedByOthers = stopped.liftedByOthers.then((by) => (by === 'others' ? 'supervisor' : by));
  }

  async touched(): Promise<number> {
    return this.#cutOff;
  }

  async residue(): Promise<string[]> {
    const what = `the restart of ${this.#target}`;
    const answers = () => this.#answers().then(() => []);
    return (await Promise.all([this.#stopped.residue(), lastingResidue(what, answers)])).flat();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  async #lift(): Promise<void> {
    await this.#stopped[Symbol.asyncDispose]();
    await waitFor(() => this.#answers(), { what: `an answer of ${this.#target}`, timeoutMs: answerMs });
  }

  async #answers(): Promise<true> {
    await using _session = await this.#engine.ask();
    return true;
  }
}
