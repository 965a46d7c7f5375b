import { randomUUID } from 'node:crypto';
import type { Clock } from '../kit/clock.ts';
import { messageOf, StoppedError } from '../kit/errors.ts';
import type { AlertNotice } from './alert-notice.ts';
import { type ExecutionDeps, executeRun, leaseMs } from './execute-run.ts';
import { storeNotices } from './intake.ts';
import type { FinalOutcome, StoredRun } from './run.ts';
import type { Runbook } from './schema/runbook.ts';

export type EngineDeps = Omit<ExecutionDeps, 'owner'> & { runbooks: readonly Runbook[] };

/** Looks this often for what other processes did: a lock that came free, a run whose owner died. */
const lookEveryMs = 1000;

/** An alert that has waited longer than this (the service was down) is of a world that is gone: a person decides. */
const staleAfterMs = 10 * 60_000;

/** Carries out the runs that alerts have brought: one at a time on a target, others side by side. */
export class RunbookEngine implements AsyncDisposable {
  readonly #deps: ExecutionDeps;
  readonly #runbooks: ReadonlyMap<string, Runbook>;
  readonly #stop = new AbortController();
  readonly #active = new Map<number, Promise<void>>();
  readonly #loop: Promise<void>;
  #bell = new AbortController();

  /** Starts at once: with what was stored and not carried out before a restart. */
  constructor({ runbooks, ...deps }: EngineDeps) {
    this.#deps = { ...deps, owner: randomUUID() };
    this.#runbooks = new Map(runbooks.map((runbook) => [runbook.id, runbook]));
    this.#loop = this.#work();
  }

  /** Stores notices and their runs; on return they are on the disk. Throws when they cannot be. */
  receive(notices: readonly AlertNotice[]): StoredRun[] {
    const { store, audit, clock } = this.#deps;
    const deps = { ...this.#deps, runbooks: [...this.#runbooks.values()] };
    const runs = storeNotices(notices, deps, clock.now());
    for (const { id, runbook, alert, fingerprint, target, state, reason } of runs)
      audit.append('run.stored', { run: id, runbook, alert, fingerprint, target, state, reason });
    if (store.waiting().length > 0) this.#bell.abort();
    return runs;
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#deps;
    while (!this.#stop.signal.aborted) {
      this.#bell = new AbortController();
      try {
        this.#handOffInterrupted();
        for (const run of this.#deps.store.waiting()) this.#consider(run);
      } catch (error) {
        // The disk may be full or the store locked: what is stored stays stored, so it is tried again.
        log.error({ error: messageOf(error) }, 'the runbook engine could not work on its store');
      }
      await nextLook(clock, AbortSignal.any([this.#bell.signal, this.#stop.signal]));
    }
  }

  #handOffInterrupted(): void {
    const { store, audit, clock, log } = this.#deps;
    for (const { id, runbook, target, reason } of store.takeInterrupted(clock.now(), this.#active.keys())) {
      log.error({ run: id, runbook, target, reason }, 'runbook handed off');
      audit.append('run.finished', { run: id, runbook, target, outcome: 'handed-off', reason });
    }
  }

  /** Starts a waiting run, ends it without having run, or leaves it waiting for its target. */
  #consider(run: StoredRun): void {
    const { store, audit, clock, owner, log } = this.#deps;
    const now = clock.now();
    const runbook = this.#runbooks.get(run.runbook);
    const refusal = this.#whyNot(run, runbook, now);
    if (!runbook || refusal) {
      const { outcome, reason } = refusal ?? gone;
      if (!store.finish(run.id, null, outcome, reason, now)) return;
      audit.append('run.finished', {
        run: run.id,
        runbook: run.runbook,
        target: run.target,
        outcome,
        reason,
      });
      log.warn({ run: run.id, runbook: run.runbook, outcome, reason }, 'runbook not carried out');
      return;
    }
    if (!store.claim(run.id, owner, now + leaseMs, now)) return;
    const carriedOut = executeRun(run, runbook, this.#deps, this.#stop.signal).catch((error: unknown) => {
      log.error({ run: run.id, error: messageOf(error) }, 'the end of a run could not be stored');
    });
    const ended = carriedOut.finally(() => {
      this.#active.delete(run.id);
      this.#bell.abort();
    });
    this.#active.set(run.id, ended);
  }

  #whyNot(run: StoredRun, runbook: Runbook | undefined, now: number): typeof gone | undefined {
    const { store } = this.#deps;
    if (!runbook) return gone;
    if (store.isResolved(run))
      return { outcome: 'refused', reason: 'the alert resolved before its turn came' };
    const hold = store.holds.current(now);
    if (hold) return { outcome: 'held', reason: `held by ${hold.holder}` };
    if (now - run.receivedAt > staleAfterMs)
      return { outcome: 'handed-off', reason: 'the alert is more than ten minutes old' };
    const last = store.lastStart(run.runbook, run.lock);
    if (last === undefined || now - last >= runbook.cool_down) return undefined;
    const seconds = Math.round((now - last) / 1000);
    return { outcome: 'handed-off', reason: `cool-down: it ran here ${seconds} s ago already` };
  }

  /** Tells running steps to stop, waits until they have, and hands their runs off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new StoppedError('runbook.stopped', 'the runbook service was stopped'));
    await this.#loop;
    await Promise.all(this.#active.values());
  }
}

const gone: { outcome: FinalOutcome; reason: string } = {
  outcome: 'handed-off',
  reason: 'the runbook is no longer in the catalogue',
};

async function nextLook(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(lookEveryMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
