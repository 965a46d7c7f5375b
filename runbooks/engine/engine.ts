import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kit/clock.ts';
import { messageOf, StoppedError } from '../../kit/errors.ts';
import type { AlertNotice } from '../intake/alert-notice.ts';
import type { Occasion } from '../intake/decide.ts';
import { GroupCommit } from '../intake/group-commit.ts';
import { addNotices, addOccasion, storeNotices, storeOccasion } from '../intake/intake.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { StoredRun } from '../store/run.ts';
import { closeRun, closeRuns, closeUnanswered } from './close-run.ts';
import { executeRun, leaseMs } from './execute-run.ts';
import type { ExecutionDeps } from './execution.ts';
import { cronsOf, RunbookSchedule } from './schedule.ts';
import { gone, staleAfterMs, whyNot } from './why-not.ts';

export type EngineDeps = Omit<ExecutionDeps, 'owner'> & {
  runbooks: readonly Runbook[];
  /** The time zone of cron triggers (an IANA name). */
  timezone: string;
  inShift(at: number): boolean;
};

/** Looks this often for what other processes did: a lock that came free, a run whose owner died, an approval. */
const lookEveryMs = 1000;
/** A look that takes longer keeps requests waiting; what is left is for the next one. */
const lookMs = 10;
const mostSwept = 50;

/** Whether what was delivered may be received: asked in the transaction that stores it. */
export type Admit = () => boolean;
const always: Admit = () => true;

export type EventOccasion = Omit<Occasion, 'actor' | 'alert' | 'resolved'>;

/** Carries out the runs that alerts, the clock and programs have brought: one at a time on a target, others side by side. */
export class RunbookEngine implements AsyncDisposable {
  readonly #deps: ExecutionDeps & EngineDeps;
  readonly #runbooks: ReadonlyMap<string, Runbook>;
  readonly #schedule: RunbookSchedule;
  readonly #stop = new AbortController();
  readonly #active = new Map<number, Promise<void>>();
  readonly #commits: GroupCommit<StoredRun[] | undefined>;
  readonly #loop: Promise<void>;
  #roundAt = 0;
  /** Alerts that have resolved: runs that still wait for them need not wait for their turn to hear of it. */
  #over: AlertNotice[] = [];
  #bell = new AbortController();

  /** Starts at once: with what was stored and not carried out before a restart, and what was cut off in the middle. */
  constructor(deps: EngineDeps) {
    this.#deps = { ...deps, owner: randomUUID() };
    this.#runbooks = new Map(deps.runbooks.map((runbook) => [runbook.id, runbook]));
    this.#schedule = scheduleOf(deps);
    this.#commits = new GroupCommit(
      (work) => deps.store.transaction(work),
      (results) => this.#stored(results.flatMap((runs) => runs ?? [])),
    );
    this.#loop = this.#work();
  }

  /** Stores notices and their runs; on return they are on the disk. Throws when they cannot be. */
  receive(notices: readonly AlertNotice[]): StoredRun[] {
    this.#noteOver(notices);
    return this.#stored(storeNotices(notices, this.#deps, this.#deps.clock.now()));
  }

  /**
   * The same together with whatever else arrives meanwhile: one commit for all. `admit` is asked in that commit, whether
   * this may be received at all; undefined when it says no.
   */
  deliver(notices: readonly AlertNotice[], admit: Admit = always): Promise<StoredRun[] | undefined> {
    return this.#deliver((now) => {
      this.#noteOver(notices);
      return addNotices(notices, this.#deps, now);
    }, admit);
  }

  /** Stores the runs of an event of that name: the same event again adds nothing. */
  deliverEvent(name: string, about: EventOccasion, admit: Admit = always): Promise<StoredRun[] | undefined> {
    const answering = this.#deps.runbooks.filter(({ triggers }) =>
      triggers.some(({ event }) => event === name),
    );
    const occasion = { ...about, actor: `event ${name}`, alert: null, resolved: false };
    return this.#deliver((now) => addOccasion(answering, occasion, this.#deps, now), admit);
  }

  #noteOver(notices: readonly AlertNotice[]): void {
    this.#over.push(...notices.filter(({ status }) => status === 'resolved'));
  }

  #deliver(add: (now: number) => StoredRun[], admit: Admit): Promise<StoredRun[] | undefined> {
    const { clock } = this.#deps;
    return this.#commits.add(() => (admit() ? add(clock.now()) : undefined));
  }

  /** Looks now instead of within a second: something has changed, as when a person has decided. */
  ring(): void {
    this.#bell.abort();
  }

  #stored(runs: StoredRun[]): StoredRun[] {
    this.#deps.audit.appendAll(
      runs.map(({ id, runbook, actor, alert, fingerprint, target, state, mode, trust, reason }) => ({
        event: 'run.stored',
        data: { run: id, runbook, actor, alert, fingerprint, target, state, mode, trust, reason },
      })),
    );
    if (runs.some(({ state }) => state === 'waiting')) this.ring();
    return runs;
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#deps;
    while (!this.#stop.signal.aborted) {
      this.#bell = new AbortController();
      let more = false;
      try {
        more = this.#look(clock.now());
      } catch (error) {
        // The disk may be full or the store locked: what is stored stays stored, so it is tried again.
        log.error({ error: messageOf(error) }, 'the runbook engine could not work on its store');
      }
      // Requests come before the next look, however much there is to do.
      await this.#deps.store.turns.next();
      if (!more) await nextLook(clock, AbortSignal.any([this.#bell.signal, this.#stop.signal]));
    }
  }

  /** True when there was more to do than one look may take. */
  #look(now: number): boolean {
    const more = now >= this.#roundAt && this.#round(now);
    return this.#takeTurns(now) || more;
  }

  /** What nobody rings for; true when there may be more of it. */
  #round(now: number): boolean {
    const { store, owner } = this.#deps;
    for (const run of store.takeOver(owner, now + leaseMs, now, this.#active.keys())) this.#carryOn(run);
    for (const { runbook, occasion } of this.#schedule.due(now))
      this.#stored(storeOccasion([runbook], occasion, this.#deps, now));
    closeUnanswered(this.#deps, now);
    const more = this.#sweep(now);
    if (!more) this.#roundAt = now + lookEveryMs;
    return more;
  }

  /** Ends what will not run although its turn has not come; true when there may be more of it. */
  #sweep(now: number): boolean {
    const { store } = this.#deps;
    const { look, holds } = store;
    const over = this.#over.splice(0, mostSwept);
    const found = [
      ...look.waitingSince(holds.current(now) ? Number.POSITIVE_INFINITY : now - staleAfterMs, mostSwept),
      ...over.flatMap((alert) => look.waitingFor(alert)),
    ];
    const ends = found.flatMap((run) => {
      const refusal = whyNot(run, this.#runbooks.get(run.runbook), this.#deps, now);
      return refusal ? { run, refusal } : [];
    });
    if (ends.length > 0) closeRuns(ends, null, this.#deps);
    return found.length >= mostSwept || this.#over.length > 0;
  }

  /** Starts or ends the runs whose turn it is, until there is none or the time for one look is over. */
  #takeTurns(now: number): boolean {
    const { store, clock } = this.#deps;
    const end = clock.now() + lookMs;
    for (let moved = true; moved; ) {
      moved = false;
      for (const run of store.look.nextInLine()) {
        if (clock.now() > end) return true;
        if (this.#consider(run, now)) moved = true;
      }
    }
    return false;
  }

  /** Starts a run or ends it without having run; false when it still waits for its target. */
  #consider(run: StoredRun, now: number): boolean {
    const { store, owner } = this.#deps;
    const refusal = whyNot(run, this.#runbooks.get(run.runbook), this.#deps, now);
    if (refusal) {
      closeRun(run, null, refusal, this.#deps);
      return true;
    }
    const claimed = store.claim(run, owner, now + leaseMs, now);
    if (claimed) this.#carryOn(claimed);
    return claimed !== undefined;
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

/** With the times that passed while no service ran and that are to be made up for. */
function scheduleOf({ runbooks, timezone, store, clock }: EngineDeps): RunbookSchedule {
  const now = clock.now();
  const crons = cronsOf(runbooks).map(({ runbook, pattern }) => ({ runbook: runbook.id, pattern }));
  store.transaction(() => store.crons.note(crons, now));
  return new RunbookSchedule(runbooks, timezone, now, (cron) => store.crons.since(cron));
}

async function nextLook(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(lookEveryMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
