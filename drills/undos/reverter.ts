import type { Clock } from '../../kit/clock.ts';
import type { Targets } from '../../kit/targets.ts';
import type { Undo } from '../undo.ts';

/** What undos reach the world through. */
export interface UndoDeps {
  targets: Targets;
  fetch: typeof fetch;
  /** Bearer token of the runbook service. */
  runbooksToken?: string | undefined;
  clock?: Clock;
}

export type UndoOf<K extends Undo['kind']> = Extract<Undo, { kind: K }>;

/** How one kind of undo is carried out: safe to repeat, and done only when it is seen to be done. */
export interface Reverter<U extends Undo> {
  revert(undo: U, deps: UndoDeps, signal: AbortSignal): Promise<void>;
  /** The same as a line that a person can follow. Names no secret. */
  byHand(undo: U, targets: Targets): string;
}
