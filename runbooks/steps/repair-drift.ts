import { z } from 'zod';
import { RolledBackError } from '../../kit/rolled-back.ts';
import { applyRepair } from '../repairs/apply.ts';
import type { Change, ChangeAuthor } from '../repairs/changes.ts';
import { recoveredMark } from '../repairs/config.ts';
import { type Drifts, driftsOf } from '../repairs/differences.ts';
import { everyRepair, type Repair, repairsNamed } from '../repairs/repair.ts';
import type { PlanWorld, SideEffect, Step, StepResult, StepWorld } from '../step.ts';
import { changesShown, driftsShown } from './repair-drift/shown.ts';

const params = z
  .strictObject({
    /** A name under `runbooks.repairs`, or `*` for all of them. */
    repair: z.string().min(1).default(everyRepair),
    /** More differences than this are no matter for a repair: then nothing is changed. */
    max: z.int().min(0).max(10_000).default(100),
    /** Only looks and shows. */
    dry_run: z.boolean().default(true),
    /** Why it is repaired: stands beside every change. */
    reason: z.string().trim().min(1).optional(),
  })
  .refine(({ dry_run, reason }) => dry_run || reason !== undefined, {
    message: 'is needed with dry_run: false: it stands beside every change',
    path: ['reason'],
  });
type Params = z.output<typeof params>;

/** Repairs what two systems hold differently, by the one that is right; every change is noted and can be taken back. */
export const repairDrift: Step<Params> = {
  kind: 'repair.drift',
  summary: 'compare systems now, show what differs, and repair it where that is asked for',
  params,
  targets: [],
  // A difference that is gone is not repaired again.
  repeatable: () => true,
  plan: ({ repair, max, dry_run }, world) =>
    repairsNamed(world.repairs ?? {}, repair).map((one) => effectOf(one, { max, dry_run }, world)),
  async run(wish, world, signal) {
    const found: Found[] = [];
    for (const repair of repairsNamed(world.repairs ?? {}, wish.repair))
      found.push({ repair, drifts: await driftsOf(repair, world.targets, signal), changes: [] });
    const reason = reasonToRefuse(found, wish.max);
    if (reason !== undefined) return resultOf('refused', reason, found, world);
    if (wish.dry_run || differing(found) === 0)
      return resultOf('succeeded', differenceText(found), found, world);
    return await repairAll(found, wish, world, signal);
  },
};

interface Found {
  repair: Repair;
  drifts: Drifts;
  changes: Change[];
}

function effectOf(
  { name, comparison, from, into, table, mark, recompute }: Repair,
  { max, dry_run }: Pick<Params, 'max' | 'dry_run'>,
  { targets }: PlanWorld,
): SideEffect {
  const look = `compares ${into.system} with ${from.system} (${comparison.name}), twice where they differ`;
  const on = `${into.target}${targets[into.target] ? '' : ' (no such target)'}`;
  if (dry_run) return { does: `${look}, and shows what differs (${name})`, on, undo: 'nothing is changed' };
  const also = recompute.length > 0 ? ', then makes anew what is derived from them' : '';
  const marks = mark ? `, each marked ${mark.value} in ${mark.column}` : '';
  return {
    does: `${look}; inserts or updates at most ${max} rows of ${table} by what ${from.system} holds${marks}${also}; notes each in andon_repairs (${name})`,
    on,
    undo: 'repair.revert puts back each row that still is as the repair left it',
  };
}

const differing = (found: readonly Found[]): number =>
  found.reduce((sum, { drifts }) => sum + drifts.repairable.length, 0);

function differenceText(found: readonly Found[]): string {
  const each = found.map(({ repair: { from, into }, drifts }) => {
    const left = drifts.extra.length > 0 ? `, and ${drifts.extra.length} only ${into.system} holds` : '';
    return `${drifts.repairable.length} records of ${into.system} are not as ${from.system} has them${left}`;
  });
  return each.join('; ');
}

function reasonToRefuse(found: readonly Found[], max: number): string | undefined {
  for (const { repair, drifts } of found) {
    const { name, extra, into, from } = repair;
    if (drifts.total > max && (drifts.cut || drifts.repairable.length > max))
      return `${name}: ${drifts.total} records differ, and at most ${max} may be repaired at once: something else is wrong`;
    if (drifts.extra.length > 0 && extra === 'refuse')
      return `${name}: ${drifts.extra.length} records stand in ${into.system} and not in ${from.system}: a person must say which of them is right`;
  }
  return undefined;
}

/** One transaction for each system; what is right is compared once more afterwards. */
async function repairAll(
  found: Found[],
  { reason = '' }: Params,
  world: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  const { run, operation, targets } = world;
  const author = { run: run.id, runbook: run.runbook, operation, reason, by: run.actor };
  try {
    for (const one of found)
      one.changes = await applyRepair(
        one.repair,
        one.drifts.repairable,
        { ...author, tag: tagOf(one.repair) },
        targets,
        signal,
      );
  } catch (error) {
    if (!(error instanceof RolledBackError)) throw error;
    return resultOf('failed', `rolled back: ${error.message}`, found, world);
  }
  const left: string[] = [];
  for (const { repair, drifts } of found) {
    if (drifts.repairable.length === 0) continue;
    const { repairable } = await driftsOf(repair, targets, signal);
    if (repairable.length > 0) left.push(`${repairable.length} records of ${repair.into.system}`);
  }
  if (left.length > 0)
    return resultOf('failed', `repaired, and yet ${left.join(' and ')} differ`, found, world);
  return resultOf('succeeded', repairedText(found), found, world);
}

const tagOf = ({ mark }: Repair): ChangeAuthor['tag'] => mark?.value ?? recoveredMark;
const touchedBy = (found: readonly Found[]): number =>
  found.reduce((sum, { changes }) => sum + changes.length, 0);

function repairedText(found: readonly Found[]): string {
  const each = found.flatMap(({ repair: { into, from }, changes }) =>
    changes.length > 0
      ? [`${changes.length} records of ${into.system} are again as ${from.system} has them`]
      : [],
  );
  return each.length > 0 ? each.join('; ') : 'what differed has come right by itself meanwhile';
}

function resultOf(
  outcome: StepResult['outcome'],
  summary: string,
  found: readonly Found[],
  { operation }: StepWorld,
): StepResult {
  const repairs = found.map(({ repair, drifts, changes }) => ({
    repair: repair.name,
    from: repair.from.system,
    into: repair.into.system,
    ...driftsShown(repair, drifts),
    ...changesShown(changes),
  }));
  return { outcome, summary, touched: touchedBy(found), details: { operation, repairs } };
}
