import { randomUUID } from 'node:crypto';
import type { Clock } from '../kit/clock.ts';
import { messageOf, StoppedError } from '../kit/errors.ts';
import type { AlertNotice } from './alert-notice.ts';
import { closeRun, closeUnanswered } from './close-run.ts';
import type { Occasion } from './decide.ts';
import { executeRun, leaseMs } from './execute-run.ts';
import type { ExecutionDeps } from './execution.ts';
import { storeNotices, storeOccasion } from './intake.ts';
import type { StoredRun } from './run.ts';
import { RunbookSchedule } from './schedule.ts';
import type { Runbook } from './schema/runbook.ts';
import { gone, whyNot } from './why-not.ts';

export type EngineDeps = Omit<ExecutionDeps, 'owner'> & {
  runbooks: readonly Runbook[];
  /** The time zone of cron triggers (an IANA name). */
  timezone: string;
  inShift(at: number): boolean;
};

/** Looks this often for what other processes did: a lock that came free, a run whose owner died, an approval. */
const lookEveryMs = 1000;

/** Carries out the runs that alerts, the clock and programs have brought: one at a time on a target, others side by side. */
export class RunbookEngine implements AsyncDisposable {
  readonly #deps: ExecutionDeps & EngineDeps;
  readonly #runbooks: ReadonlyMap<string, Runbook>;
  readonly #schedule: RunbookSchedule;
  readonly #stop = new AbortController();
  readonly #active = new Map<number, Promise<void>>();
  readonly #loop: Promise<void>;
  #bell = new AbortController();

  /** Starts at once: with what was stored and not carried out before a restart, and what was cut off in the middle. */
  constructor(deps: EngineDeps) {
    this.#deps = { ...deps, owner: randomUUID() };
    this.#runbooks = new Map(deps.runbooks.map((runbook) => [runbook.id, runbook]));
    this.#schedule = new RunbookSchedule(deps.runbooks, deps.timezone, deps.clock.now());
    this.#loop = this.#work();
  }

  /** Stores notices and their runs; on return they are on the disk. Throws when they cannot be. */
  receive(notices: readonly AlertNotice[]): StoredRun[] {
    return this.#stored(storeNotices(notices, this.#deps, this.#deps.clock.now()));
  }

  /** Stores the runs of an event of that name: the same event again adds nothing. */
  receiveEvent(name: string, occasion: Omit<Occasion, 'actor' | 'alert' | 'resolved'>): StoredRun[] {
    const answering = this.#deps.runbooks.filter(({ triggers }) =>
      triggers.some(({ event }) => event === name),
    );
    const about = { ...occasion, actor: `event ${name}`, alert: null, resolved: false };
    return this.#stored(storeOccasion(answering, about, this.#deps, this.#deps.clock.now()));
  }

  /** Looks now instead of within a second: something has changed, as when a person has decided. */
  ring(): void {
    this.#bell.abort();
  }

  #stored(runs: StoredRun[]): StoredRun[] {
    for (const { id, runbook, actor, alert, fingerprint, target, state, mode, trust, reason } of runs)
      this.#deps.audit.append('run.stored', {
        ...{ run: id, runbook, actor, alert, fingerprint, target, state, mode, trust, reason },
      });
    if (runs.some(({ state }) => state === 'waiting')) this.ring();
    return runs;
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#deps;
    while (!this.#stop.signal.aborted) {
      this.#bell = new AbortController();
      try {
        this.#look(clock.now());
      } catch (error) {
        // The disk may be full or the store locked: what is stored stays stored, so it is tried again.
        log.error({ error: messageOf(error) }, 'the runbook engine could not work on its store');
      }
      await nextLook(clock, AbortSignal.any([this.#bell.signal, this.#stop.signal]));
    }
  }

  #look(now: number): void {
    const { store, owner } = this.#deps;
    for (const run of store.takeOver(owner, now + leaseMs, now, this.#active.keys())) this.#carryOn(run);
    for (const { runbook, occasion } of this.#schedule.due(now))
      this.#stored(storeOccasion([runbook], occasion, this.#deps, now));
    closeUnanswered(this.#deps, now);
    for (const run of store.waiting()) this.#consider(run, now);
  }

  /** Starts a waiting run, ends it without having run, or leaves it waiting for its target. */
  #consider(run: StoredRun, now: number): void {
    const { store, owner } = this.#deps;
    const refusal = whyNot(run, this.#runbooks.get(run.runbook), this.#deps, now);
    if (refusal) {
      closeRun(run, null, refusal, this.#deps);
      return;
    }
    const claimed = store.claim(run, owner, now + leaseMs, now);
    if (claimed) this.#carryOn(claimed);
  }

  #carryOn(run: StoredRun): void {
    const { log, owner } = this.#deps;
    const runbook = this.#runbooks.get(run.runbook);
    if (!runbook) {
      closeRun(run, owner, gone, this.#deps);
      return;
    }
    const ended = executeRun({ run, runbook, deps: this.#deps }, this.#stop.signal)
      .catch((error: unknown) => {
        log.error({ run: run.id, error: messageOf(error) }, 'the end of a run could not be stored');
      })
      .finally(() => {
        this.#active.delete(run.id);
        this.ring();
      });
    this.#active.set(run.id, ended);
  }

  /** Tells running steps to stop, takes back what they have done, and hands their runs off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new StoppedError('runbook.stopped', 'the runbook service was stopped'));
    await this.#loop;
    await Promise.all(this.#active.values());
  }
}

async function nextLook(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(lookEveryMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
