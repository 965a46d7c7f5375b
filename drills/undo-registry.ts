import type { Targets } from '../kit/targets.ts';
import type { Undo } from './undo.ts';
import { endMarked } from './undos/end-marked.ts';
import { endSessions } from './undos/end-sessions.ts';
import { releaseHold } from './undos/release-hold.ts';
import { restoreLink } from './undos/restore-link.ts';
import type { Reverter, UndoDeps, UndoOf } from './undos/reverter.ts';

const reverters: { [K in Undo['kind']]: Reverter<UndoOf<K>> } = {
  'postgres.end-sessions': endSessions,
  'link.restore': restoreLink,
  'process.end-marked': endMarked,
  'runbooks.release-hold': releaseHold,
};

const reverterOf = (undo: Undo): Reverter<Undo> => reverters[undo.kind];

/** Carries an undo out and sees that it is done; safe to repeat. */
export const revert = (undo: Undo, deps: UndoDeps, signal: AbortSignal): Promise<void> =>
  reverterOf(undo).revert(undo, deps, signal);

/** The same as a line that a person can follow. */
export const byHand = (undo: Undo, targets: Targets): string => reverterOf(undo).byHand(undo, targets);
