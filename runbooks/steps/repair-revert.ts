import { z } from 'zod';
import { duration, promDuration } from '../../kit/duration.ts';
import { RolledBackError } from '../../kit/rolled-back.ts';
import { type Reverted, revertIn, writtenSystems } from '../repairs/revert.ts';
import { type Step, type StepResult, untouched } from '../step.ts';

const params = z.strictObject({
  /** Whose changes: `andon-3f9c-12-2-do`, as the repair said it. As an undo: those of the step that is taken back. */
  operation: z.string().min(1).optional(),
  /** Older changes are left alone: a number of a run may come again where the engine's store was begun anew. */
  younger_than: duration.prefault('1d'),
});
type Params = z.output<typeof params>;

/** Puts back what a repair has changed, where the rows still are as the repair left them. */
export const repairRevert: Step<Params> = {
  kind: 'repair.revert',
  summary: 'take back what repair.drift has changed',
  params,
  targets: [],
  repeatable: () => true,
  plan: ({ operation, younger_than }, { repairs = {} }) =>
    writtenSystems(repairs).map(({ target }) => ({
      does: `puts back the rows that ${operation ?? 'the repair'} has changed within ${promDuration(younger_than)} and that still are as it left them; others are named and left`,
      on: target,
      undo: 'none: let repair.drift run again',
    })),
  async run({ operation: wanted, younger_than }, world, signal) {
    const operation = wanted ?? world.operation.replace(/-undo$/, '-do');
    const { repairs = {}, targets, run } = world;
    const all: Reverted = { reverted: [], left: [] };
    const wish = { operation, youngerThanMs: younger_than, by: run.actor };
    try {
      for (const system of writtenSystems(repairs)) {
        const { reverted, left } = await revertIn(system, wish, { repairs, targets, signal });
        all.reverted.push(...reverted);
        all.left.push(...left);
      }
    } catch (error) {
      if (!(error instanceof RolledBackError)) throw error;
      return resultOf('failed', `rolled back: ${error.message}`, all, operation);
    }
    if (all.left.length === 0 && all.reverted.length === 0)
      return untouched('succeeded', `there is nothing to take back of ${operation}`, { operation });
    return resultOf(...outcomeOf(all), all, operation);
  },
};

function outcomeOf({ reverted, left }: Reverted): [StepResult['outcome'], string] {
  if (left.length === 0) return ['succeeded', `took back ${reverted.length} changes`];
  const named = left.slice(0, 3).map(({ change, why }) => `${change.relation} (change ${change.id}): ${why}`);
  const text = `took back ${reverted.length} changes and left ${left.length}: ${named.join('; ')}`;
  return [reverted.length === 0 ? 'refused' : 'failed', text];
}

function resultOf(
  outcome: StepResult['outcome'],
  summary: string,
  { reverted, left }: Reverted,
  operation: string,
): StepResult {
  const details = {
    operation,
    reverted: reverted.map(({ id, relation, statement }) => ({ id, relation, statement })),
    left: left.map(({ change: { id, relation, statement }, why }) => ({ id, relation, statement, why })),
  };
  return { outcome, summary, touched: reverted.length, details };
}
