import { messageOf } from '../kit/errors.ts';
import type { Targets } from '../kit/targets.ts';
import { within } from '../kit/wait.ts';
import { identityOf } from './target-lock.ts';
import { byHand, revert } from './undo.ts';
import type { UndoEntry, UndoLog } from './undo-log.ts';
import type { UndoDeps } from './undos/reverter.ts';

/** Each undo gets this long, counted from its own start: the drill's own signal may be aborted already. */
const undoLimitMs = 10_000;

export interface CleanUp extends Omit<UndoDeps, 'targets'> {
  undoLog: UndoLog;
  /** Only what this run has left; everything when it is not given. */
  run?: string | undefined;
  /** The targets, or how they are found for an entry (its `configFile` says where). */
  targets: Targets | ((entry: UndoEntry) => Targets | Promise<Targets>);
  /** Who cleans up, for the log: `runner`, `watchdog`, `clean`. */
  by: string;
}

/** An undo that could not be carried out. It stays in the log. */
export interface FailedUndo {
  entry: UndoEntry;
  error: string;
  /** How a person undoes it. */
  byHand: string;
}

export interface CleanUpResult {
  undone: UndoEntry[];
  failed: FailedUndo[];
}

/** Undoes what the log says is still in, the last one first, going on after a failure. Never throws for an undo. */
export async function cleanUp(work: CleanUp): Promise<CleanUpResult> {
  const result: CleanUpResult = { undone: [], failed: [] };
  for (const entry of work.undoLog.pending(work.run).toReversed()) {
    const failure = await undoEntry(entry, work);
    if (failure) {
      work.undoLog.failed(entry.id, work.by, failure.error);
      result.failed.push(failure);
    } else {
      work.undoLog.done(entry.id, work.by);
      result.undone.push(entry);
    }
  }
  return result;
}

/** A target that was given another address since is not the system that was broken. */
function refuseAnotherSystem({ target, identity, undo }: UndoEntry, targets: Targets): void {
  const found = targets[target];
  // What names no target (processes with a mark) is the same everywhere.
  if (!('target' in undo) || identity === undefined || !found || identityOf(found) === identity) return;
  throw new Error(
    `the target ${target} of andon.yaml is another system now than the one that was broken; give it its old address, or undo it by hand`,
  );
}

/** An entry in words: `db.lock on mes-db (run 2026…-db-lock-3f2a)`. */
export const describeEntry = ({ fault, target, run }: UndoEntry): string =>
  `${fault} on ${target} (run ${run})`;

/** Carries out one entry without writing to the log; returns what went wrong, if anything did. */
export async function undoEntry(
  entry: UndoEntry,
  { targets, ...deps }: Omit<CleanUp, 'undoLog' | 'run' | 'by'>,
): Promise<FailedUndo | undefined> {
  let known: Targets = {};
  try {
    known = typeof targets === 'function' ? await targets(entry) : targets;
    refuseAnotherSystem(entry, known);
    const limit = AbortSignal.timeout(undoLimitMs);
    // The deadline is ours: an undo that hangs must not keep those behind it from being carried out.
    await within(revert(entry.undo, { ...deps, targets: known }, limit), limit);
    return undefined;
  } catch (error) {
    return { entry, error: messageOf(error), byHand: byHand(entry.undo, known) };
  }
}

/**
 * Closes the undos of a plant that stands anew under the same andon.yaml, as a lab does: what was broken in its systems ended with them.
 * What names no system (processes of the load) is undone, and stays in the log where that fails.
 */
export async function closeReplaced(
  undoLog: UndoLog,
  configFile: string,
  deps: Pick<CleanUp, 'targets' | 'fetch'>,
): Promise<void> {
  for (const entry of undoLog
    .pending()
    .filter((one) => one.configFile === configFile)
    .toReversed()) {
    const failure = await undoEntry(entry, deps);
    if (!failure) undoLog.done(entry.id, 'the next lab');
    else if ('target' in entry.undo) undoLog.done(entry.id, 'the end of its lab');
    else undoLog.failed(entry.id, 'the next lab', failure.error);
  }
}
