import { z } from 'zod';
import type { Targets } from '../kit/targets.ts';
import { endMarked } from './undos/end-marked.ts';
import { endSessions } from './undos/end-sessions.ts';
import { releaseHold } from './undos/release-hold.ts';
import { restoreLink } from './undos/restore-link.ts';
import type { Reverter, UndoData, UndoDeps } from './undos/reverter.ts';

/** Every kind of undo there is. A new one is one file in `undos/` and one line here. */
const reverters = [endMarked, endSessions, releaseHold, restoreLink] as const;

/**
 * An undo is data, so that another process can carry it out after the one that broke something is dead.
 * It names targets of andon.yaml and never holds a secret.
 */
export const undoSchema = z.union(reverters.map(({ schema }) => schema));

export type Undo = z.output<(typeof reverters)[number]['schema']>;

/** Carries an undo out and sees that it is done; safe to repeat. */
export const revert = (undo: Undo, deps: UndoDeps, signal: AbortSignal): Promise<void> =>
  reverterOf(undo).revert(undo, deps, signal);

/** The same as a line that a person can follow. */
export const byHand = (undo: Undo, targets: Targets): string => reverterOf(undo).byHand(undo, targets);

function reverterOf(undo: UndoData): Reverter {
  const found = (reverters as readonly Reverter[]).find(({ schema }) => schema.safeParse(undo).success);
  if (!found) throw new TypeError(`no undo is called ${undo.kind}`);
  return found;
}
