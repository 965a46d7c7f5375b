import { Cron } from 'croner';
import type { Occasion } from '../intake/decide.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { KnownCron } from '../store/known-crons.ts';

/** A time that has come, for the runbook that waits for it. */
export interface DueRun {
  runbook: Runbook;
  occasion: Occasion;
}

/**
 * The cron triggers of all runbooks. A time that passed while nobody looked is made up for only where the trigger says so, and only
 * the latest: what was to be done at night is not begun in the middle of the early shift.
 */
export class RunbookSchedule {
  readonly #entries: { runbook: Runbook; cron: Cron; pattern: string; next: Date | null }[];

  /** `knownSince` says since when a trigger stands in the catalogue: a time before that was not missed. */
  constructor(
    runbooks: readonly Runbook[],
    timezone: string,
    now: number,
    knownSince: (cron: KnownCron) => number,
  ) {
    this.#entries = cronsOf(runbooks).map(({ runbook, pattern, catchUpMs }) => {
      const cron = new Cron(pattern, { timezone, paused: true });
      const [last] = cron.previousRuns(1, new Date(now));
      const from = Math.max(now - catchUpMs, knownSince({ runbook: runbook.id, pattern }));
      const isMissed = catchUpMs > 0 && last !== undefined && last.getTime() >= from;
      return { runbook, cron, pattern, next: isMissed ? last : cron.nextRun(new Date(now)) };
    });
  }

  /**
   * What has become due since the last look; each time once, also over restarts: its time is the identity of its run. A time is past
   * when whoever takes it asks for the next one: what could not be stored is due again.
   */
  *due(now: number): Generator<DueRun, void> {
    for (const entry of this.#entries) {
      const { runbook, cron, pattern, next } = entry;
      if (next === null || next.getTime() > now) continue;
      const about = { actor: 'cron', alert: null, labels: {}, resolved: false };
      yield { runbook, occasion: { ...about, fingerprint: `cron ${pattern}`, startsAt: next.getTime() } };
      entry.next = cron.nextRun(new Date(now));
    }
  }
}

/** The cron triggers of runbooks, as they stand in their files. */
export const cronsOf = (
  runbooks: readonly Runbook[],
): { runbook: Runbook; pattern: string; catchUpMs: number }[] =>
  runbooks.flatMap((runbook) =>
    runbook.triggers.flatMap(({ cron, catch_up = 0 }) =>
      cron === undefined ? [] : [{ runbook, pattern: cron, catchUpMs: catch_up }],
    ),
  );
