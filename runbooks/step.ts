import type { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Target, TargetKind } from '../kit/targets.ts';
import type { SnapshotSets } from './snapshots/set.ts';

/** A target of andon.yaml together with its name there. */
export interface NamedTarget<T extends Target = Target> {
  name: string;
  target: T;
}

/** Everything a step may reach: passed in, so that tests hold it and nothing is ambient. */
export interface StepWorld {
  /** What the runbook works on; a step that lists `targets` always gets one of those kinds. */
  target?: NamedTarget | undefined;
  snapshots: SnapshotSets;
  clock: Clock;
  log: Log;
}

/** One change a step makes to the world, for people to read before it is made. */
export interface SideEffect {
  /** What is done, as a sentence. */
  does: string;
  /** What it is done to: `mes-db (127.0.0.1:5433/mes)`. */
  on: string;
  /** How it is taken back, or why it cannot be. */
  undo: string;
}

/** How a step went. `refused` means that it could have acted and must not. */
export interface StepResult {
  outcome: 'succeeded' | 'failed' | 'refused';
  /** What was done or why not, as a sentence. */
  summary: string;
  /** How many things were changed: 0 says that the world is as it was. */
  touched: number;
  /** What was found and done, as data for the audit log. */
  details: Record<string, unknown>;
}

/** One thing that can be done about an alert. File name = wire name: `db.release-lock` → db-release-lock.ts. */
export interface Step<P = unknown> {
  kind: string;
  /** One line for `andon runbook list --steps`. */
  summary: string;
  params: z.ZodType<P>;
  /** The kinds of target it works on; empty when it needs none. */
  targets: readonly TargetKind[];
  /** Pure: every side effect, with the values filled in. */
  plan(params: P, world: Omit<StepWorld, 'clock' | 'log'>): SideEffect[];
  /** Does it and proves it. Settles soon after `signal` is aborted, and changes nothing from then on. */
  run(params: P, world: StepWorld, signal: AbortSignal): Promise<StepResult>;
}

/** The target, of the kind the step asked for. */
export function targetOfKind<K extends TargetKind>(
  world: Pick<StepWorld, 'target'>,
  kind: K,
): NamedTarget<Extract<Target, { kind: K }>> {
  const { target } = world;
  if (target?.target.kind !== kind) throw new TypeError(`the step needs a target of kind ${kind}`);
  return { name: target.name, target: target.target as Extract<Target, { kind: K }> };
}
