import { hostname, release, type } from 'node:os';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Redactor } from './redact.ts';
import { substitute } from './substitute.ts';

/** One activity that was begun; without a status it was begun and has not ended. */
export interface ActivityRun {
  /** As it was carried out, its variables resolved. */
  activity: Record<string, unknown>;
  output: unknown;
  start: string;
  status?: 'succeeded' | 'failed';
  end?: string;
  /** Seconds. */
  duration?: number;
  exception?: string[];
  tolerance_met?: boolean;
}

export interface SteadyState {
  steady_state_met: boolean | null;
  probes: ActivityRun[];
}

export type ExperimentStatus = 'completed' | 'failed' | 'aborted' | 'interrupted';

/** The journal in the format of Chaos Toolkit (its `journal.json`). */
export interface ExperimentJournal {
  'chaoslib-version': string;
  platform: string;
  node: string;
  experiment: Record<string, unknown>;
  start: string;
  status: ExperimentStatus | null;
  deviated: boolean;
  steady_states: { before: SteadyState | null; after: SteadyState | null; during: SteadyState[] };
  run: ActivityRun[];
  rollbacks: ActivityRun[];
  end?: string;
  duration?: number;
}

/** A hypothesis that is checked all the time would write the whole file all the time. */
const betweenChecksMs = 5000;

/** Keeps the journal, and its file: whole and on the disk after every step, so that a crash loses nothing that had happened. */
export class JournalKeeper {
  readonly journal: ExperimentJournal;
  readonly #file: string | undefined;
  readonly #redactor: Redactor;
  readonly #clock: Clock;
  #savedAt = Number.NEGATIVE_INFINITY;
  #trouble: string | undefined;

  constructor(
    document: Record<string, unknown>,
    {
      file,
      redactor,
      clock,
      version,
    }: { file: string | undefined; redactor: Redactor; clock: Clock; version: string },
  ) {
    this.#file = file;
    this.#redactor = redactor;
    this.#clock = clock;
    this.journal = {
      'chaoslib-version': `andon ${version}`,
      platform: `${type()}-${release()}`,
      node: hostname(),
      experiment: { ...document, title: substitute(document.title, redactor.shown) },
      start: isoTime(clock.now()),
      status: null,
      deviated: false,
      steady_states: { before: null, after: null, during: [] },
      run: [],
      rollbacks: [],
    };
    this.save();
  }

  /** An activity as the journal shows it: resolved, but for secrets. */
  shown(activity: Record<string, unknown>): Record<string, unknown> {
    return substitute(activity, this.#redactor.shown) as Record<string, unknown>;
  }

  /** Why the file could not be written; a disk that is full must not keep a rollback from being played. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  save(): void {
    this.#savedAt = this.#clock.now();
    if (this.#file === undefined) return;
    try {
      writeFileAtomic(this.#file, `${JSON.stringify(this.asShown(), null, 2)}\n`, 0o600);
    } catch (error) {
      this.#trouble ??= `the journal could not be written: ${messageOf(error)}`;
    }
  }

  /** Saves what a check beside the method has found, but not every one of them at once. */
  saveNowAndThen(): void {
    if (this.#clock.now() - this.#savedAt >= betweenChecksMs) this.save();
  }

  /** The journal without secrets. */
  asShown(): ExperimentJournal {
    return this.#redactor.redact(this.journal) as ExperimentJournal;
  }

  finish(status: ExperimentStatus): void {
    const end = this.#clock.now();
    this.journal.status = status;
    this.journal.end = isoTime(end);
    this.journal.duration = (end - Date.parse(this.journal.start)) / 1000;
    this.save();
  }
}
