import { Cron } from 'croner';
import type { Occasion } from '../intake/decide.ts';
import type { Runbook } from '../schema/runbook.ts';

/** A time that has come, for the runbook that waits for it. */
export interface DueRun {
  runbook: Runbook;
  occasion: Occasion;
}

/**
 * The cron triggers of all runbooks. A time that passed while nobody looked is not made up for: what was to be done at night is not
 * begun in the middle of the early shift.
 */
export class RunbookSchedule {
  readonly #entries: { runbook: Runbook; cron: Cron; pattern: string; next: Date | null }[];

  constructor(runbooks: readonly Runbook[], timezone: string, now: number) {
    this.#entries = runbooks.flatMap((runbook) =>
      runbook.triggers.flatMap((trigger) => {
        if (trigger.cron === undefined) return [];
        const cron = new Cron(trigger.cron, { timezone, paused: true });
        return [{ runbook, cron, pattern: trigger.cron, next: cron.nextRun(new Date(now)) }];
      }),
    );
  }

  /** What has become due since the last look; each time once, also over restarts: its time is the identity of its run. */
  due(now: number): DueRun[] {
    return this.#entries.flatMap((entry) => {
      const { runbook, cron, pattern, next } = entry;
      if (next === null || next.getTime() > now) return [];
      entry.next = cron.nextRun(new Date(now));
      const about = { actor: 'cron', alert: null, labels: {}, resolved: false };
      return [{ runbook, occasion: { ...about, fingerprint: `cron ${pattern}`, startsAt: next.getTime() } }];
    });
  }
}
