import type { z } from 'zod';
import type { Clock } from '../../kit/clock.ts';
import type { Targets } from '../../kit/targets.ts';

/** What undos reach the world through. */
export interface UndoDeps {
  targets: Targets;
  fetch: typeof fetch;
  /** Bearer token of the runbook service. */
  runbooksToken?: string | undefined;
  clock?: Clock;
}

/** An undo as it stands in the undo log: a kind, and arguments that name targets and hold no secret. */
export interface UndoData {
  kind: string;
}

/** One kind of undo: what stands in the log, and how it is carried out, by whichever process is still alive. */
export interface Reverter<U extends UndoData = UndoData> {
  /** A strict object with the literal `kind`. */
  schema: z.ZodType<U>;
  /** Safe to repeat, and to carry out where nothing was broken; returns only when it is seen to be done. */
  revert(undo: U, deps: UndoDeps, signal: AbortSignal): Promise<void>;
  /** The same as a line that a person can follow. Names no secret. */
  byHand(undo: U, targets: Targets): string;
}

/** The undo that a kind's schema describes. */
export type UndoOf<S extends z.ZodType> = z.output<S> & UndoData;
