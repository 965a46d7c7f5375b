import { z } from 'zod';
import { snapshotId } from '../snapshots/manifest.ts';
import { rollbackSnapshot } from '../snapshots/rollback.ts';
import { snapshotSet } from '../snapshots/set.ts';
import type { Step } from '../step.ts';

const params = z.strictObject({
  /** The name under `runbooks.snapshots` in andon.yaml. */
  set: z.string().min(1),
  to: z.union([z.literal('newest'), snapshotId], { error: 'must be "newest" or the id of a snapshot' }),
});
type Params = z.output<typeof params>;

/** So many paths are named in the summary; all of them are in the details. */
const named = 5;

/** Brings a configured folder back to a snapshot, as a whole. */
export const snapshotRollback: Step<Params> = {
  kind: 'snapshot.rollback',
  summary: 'bring a folder back to a snapshot, as a whole or not at all',
  params,
  targets: [],
  repeatable: () => true,
  plan({ set: name, to }, { snapshots, targets }) {
    const set = snapshotSet(snapshots, name, targets);
    const { database } = set;
    const restoring = set.commands.flatMap(({ name: command, restore }) =>
      restore ? [{ command, restore }] : [],
    );
    const wanted = to === 'newest' ? 'the newest snapshot that was taken on purpose' : `the snapshot ${to}`;
    return [
      {
        does: `keep the present state of ${set.folder} as a snapshot of its own${database ? `; refuse if ${database.name} has got migrations since the one that is wanted` : ''}`,
        on: set.store,
        undo: 'none needed: nothing is taken away',
      },
      {
        does: `build ${wanted} beside the folder, read it back, and switch to it in one step`,
        on: set.folder,
        undo: `andon snapshot rollback ${name} with the id of the snapshot that was kept; it is named in the run`,
      },
      ...restoring.map(({ command, restore }) => ({
        does: `where the setting ${command} differs, run ${JSON.stringify(restore)} with what it was`,
        on: command,
        undo: 'the same as for the folder; a command that fails takes back those before it',
      })),
    ];
  },
  async run({ set: name, to }, { snapshots, targets, clock }, signal) {
    const set = snapshotSet(snapshots, name, targets);
    const done = await rollbackSnapshot(set, to, { clock, signal });
    if (!done.switched)
      return {
        // What was to be so is so, whoever has seen to it: this very step, before a crash.
        outcome: 'succeeded',
        summary: `${set.folder} already is as the snapshot ${done.to} has it`,
        touched: 0,
        details: { ...done },
      };
    const more = done.changed.length > named ? ` and ${done.changed.length - named} more` : '';
    return {
      outcome: 'succeeded',
      summary: `${set.folder} is back at ${done.to} (${done.changed.slice(0, named).join(', ')}${more}); the state before is kept as ${done.before}`,
      touched: done.changed.length,
      details: { ...done },
    };
  },
};
