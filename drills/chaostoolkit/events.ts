import type { ActivityRun, ExperimentStatus } from './journal.ts';

/** Where an activity stands in the experiment. */
export type Place = 'configuration' | 'before' | 'during' | 'method' | 'after' | 'rollbacks';

/** What happens in a run, as it happens; secrets are hidden in it. */
export type ExperimentEvent =
  | { type: 'experiment-started'; at: string; title: string; dry: string | null }
  | { type: 'note'; at: string; text: string }
  | { type: 'activity-started'; at: string; place: Place; name: string; kind: string; background: boolean }
  | { type: 'activity-finished'; at: string; place: Place; name: string; run: ActivityRun }
  | { type: 'hypothesis'; at: string; place: Place; met: boolean; probe: string | null }
  | { type: 'rollbacks'; at: string; played: boolean; why: string }
  | ({ type: 'experiment-finished'; at: string } & ExperimentOutcome);

/** How a run has ended. */
export interface ExperimentOutcome {
  status: ExperimentStatus;
  deviated: boolean;
  /** Why it does not count as passed; empty when it does. */
  reasons: string[];
  /** The rollbacks that failed: what they should have put back may still be broken. */
  failedRollbacks: string[];
}

/** An event as it is told, before it is stamped with the time. */
export type Told = ExperimentEvent extends infer E
  ? E extends ExperimentEvent
    ? Omit<E, 'at'>
    : never
  : never;
