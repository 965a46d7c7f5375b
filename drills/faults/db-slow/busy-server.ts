import { messageOf } from '../../../kit/errors.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { forgottenAfterMs } from '../../lease.ts';
import { lastingResidue } from '../../residue.ts';
import { revert } from '../../undo.ts';
import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { leftSessions } from '../db/engine.ts';
import type { Slowdown } from './slowdown.ts';
import { control, type Work, wasEnded } from './work.ts';

/** Often enough to notice, too seldom to be a load by itself. */
const measureEveryMs = 500;
/** Sessions that work are ended by the server: it has to find the time for it. */
const liftMs = 10_000;

export interface BusyServerParts {
  plan: Plan;
  engine: DrillEngine;
  workers: readonly DrillSession[];
  /** What the workers repeat. */
  work: Work;
  /** The session that measures. */
  observer: DrillSession;
  slowdown: Slowdown;
  /** Whether statements count only once others are slower for them. */
  mustBeFelt: boolean;
  host: Host;
}

/** A server that is kept busy, from the moment the workers begin. */
export class BusyServer implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #lifted: (by: string) => void;
  readonly #parts: BusyServerParts;
  readonly #stop = new AbortController();
  readonly #working: Promise<unknown>;
  readonly #measuring: Promise<void>;
  readonly #until: number;
  #lifting: Promise<void> | undefined;
  #statements = 0;
  #felt = false;

  constructor(parts: BusyServerParts) {
    const lifted = Promise.withResolvers<string>();
    this.liftedByOthers = lifted.promise;
    this.#lifted = lifted.resolve;
    this.#parts = parts;
    const { plan, host, workers } = parts;
    this.#until = host.clock.now() + plan.durationMs + forgottenAfterMs;
    this.#felt = !parts.mustBeFelt;
    const complain = (error: unknown) => this.#complain(error);
    this.#working = Promise.all(workers.map((worker) => this.#keepWorking(worker).catch(complain)));
    this.#measuring = this.#keepMeasuring().catch(complain);
  }

  async touched(): Promise<number> {
    return this.#felt ? this.#statements : 0;
  }

  residue(): Promise<string[]> {
    const { plan, engine } = this.#parts;
    return lastingResidue(`${plan.kind} on ${plan.target}`, () => leftSessions(engine, plan.target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  /** Each statement is ended by the server after 4 s at the latest; then the next one begins, as long as we live. */
  async #keepWorking(worker: DrillSession): Promise<void> {
    const { work, workers, host } = this.#parts;
    void worker.endedByOthers.then((by) => {
      if (!this.#lifting && workers.every(({ isOver }) => isOver)) this.#lifted(by);
    });
    while (!this.#stop.signal.aborted && !worker.isOver && host.clock.now() < this.#until) {
      try {
        await worker.query(work.text, work.values);
      } catch (error) {
        if (!wasEnded(error)) throw error;
      }
      this.#statements += 1;
    }
  }

  async #keepMeasuring(): Promise<void> {
    const { observer, slowdown, engine, host } = this.#parts;
    while (!this.#stop.signal.aborted && host.clock.now() < this.#until) {
      slowdown.since(await measured(observer, engine));
      this.#felt ||= slowdown.isFelt && this.#statements > 0;
      await host.clock.sleep(measureEveryMs, this.#stop.signal);
    }
  }

  #complain(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { host, plan } = this.#parts;
    host.log.debug(
      { target: plan.target, error: messageOf(error) },
      `trouble with a session of ${plan.kind}`,
    );
  }

  /** Statements end with their sessions, and those are ended by the server: saying goodbye would wait for the statement. */
  async #lift(): Promise<void> {
    this.#stop.abort();
    const { plan, host, workers, observer, engine } = this.#parts;
    // Over the session that is there: a busy server lets a new one wait. What that misses, the undo finds.
    await this.#measuring;
    for (const { id } of workers) await observer.query(ending[engine.kind], [id]).catch(() => {});
    await revert(plan.undo, host, AbortSignal.timeout(liftMs));
    await this.#working;
    await Promise.all([...workers, observer].map((session) => session[Symbol.asyncDispose]()));
  }
}

const ending: Record<DrillEngine['kind'], string> = {
  postgres: 'SELECT pg_terminate_backend($1)',
  mysql: 'KILL CONNECTION ?',
};

/** How long the control statement takes now, in milliseconds. */
export async function measured(session: DrillSession, { kind }: DrillEngine): Promise<number> {
  const begin = performance.now();
  await session.query(control(kind));
  return performance.now() - begin;
}
