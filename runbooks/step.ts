import type { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Target, TargetKind, Targets } from '../kit/targets.ts';
import type { PeopleRole } from './people/people.ts';
import type { Repairs } from './repairs/repair.ts';
import type { SnapshotSets } from './snapshots/set.ts';

/** A target of andon.yaml together with its name there. */
export interface NamedTarget<T extends Target = Target> {
  name: string;
  target: T;
}

/** What a plan may look at: nothing here can change anything. */
export interface PlanWorld {
  /** What the step works on; a step that lists `targets` always gets one of those kinds. */
  target?: NamedTarget | undefined;
  /** All targets of andon.yaml: a condition may ask another one. */
  targets: Targets;
  snapshots: SnapshotSets;
  /** How differences between systems are repaired; undefined where nothing is configured. */
  repairs?: Repairs | undefined;
  /** The only folder that scripts are started from; undefined where none is configured. */
  scripts?: string | undefined;
}

/** Facts of the run that a step belongs to. */
export interface RunFacts {
  /** The number of the run; 0 in a plan. */
  id: number;
  runbook: string;
  actor: string;
  alert: string | null;
  labels: Readonly<Record<string, string>>;
  /** Which step of the runbook it is, counted from 1, and whether it is carried out or taken back. */
  position: number;
  phase: 'do' | 'undo';
}

/** A person's answer to a question that a step has asked. */
export interface Decision {
  decision: 'approved' | 'rejected' | 'expired';
  /** Who decided; empty when nobody did in time. */
  by: string;
}

/** Everything a step may reach: passed in, so that tests hold it and nothing is ambient. */
export interface StepWorld extends PlanWorld {
  run: RunFacts;
  /** The same for every attempt of this step in this run, and for no other: `andon-12-2-do`. For idempotency keys and marks. */
  operation: string;
  /** Where Prometheus answers. */
  prometheus: string;
  /** Asks the people of these roles, once however often it is called, and answers as soon as one of them has. */
  askPeople(question: {
    text: string;
    roles: readonly PeopleRole[];
    expiresMs: number;
  }): Decision | undefined;
  /** Puts a message for people on the disk; it is delivered by the service, again until it is taken. */
  tellPeople(message: { title: string; text: string; tier: 'A' | 'B' | 'C' }): void;
  fetch: typeof fetch;
  clock: Clock;
  log: Log;
}

/** One change a step makes to the world, for people to read before it is made. */
export interface SideEffect {
  /** What is done, as a sentence. */
  does: string;
  /** What it is done to: `mes-db (127.0.0.1:5433/mes)`. Never with a password. */
  on: string;
  /** How it is taken back, or why it cannot be. */
  undo: string;
}

/** How a step went. `refused` means that it could have acted and must not. */
export interface StepResult {
  outcome: 'succeeded' | 'failed' | 'refused';
  /** What was done or why not, as a sentence. */
  summary: string;
  /** How many things were changed: 0 says that the world is as it was, null that nobody knows. */
  touched: number | null;
  /** What was found and done, as data for the audit log; `${result.NAME}` in an undo reads it. */
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
  /**
   * Whether carrying it out twice does no more than carrying it out once, also after a crash in the middle. What is not
   * repeatable is never carried out again: a crash in the middle of it takes the run back, or hands it to a person.
   */
  repeatable(params: P): boolean;
  /** How long it waits by itself for people or for the world: it is not cut off before, and the runbook has that much more time. */
  waitsMs?(params: P): number;
  /** Texts of `with` in which no `${inputs.…}` may stand (`refused`), or in which the value is percent-encoded (`url`). */
  placeholders?: Readonly<Record<string, 'refused' | 'url'>>;
  /** Pure: what andon.yaml lacks for it to work on this target, as a sentence that says what to write where. */
  misfit?(params: P, target: NamedTarget): string | undefined;
  /** Pure: every side effect, with the values filled in. */
  plan(params: P, world: PlanWorld): SideEffect[];
  /** Does it and proves it. Settles soon after `signal` is aborted, and changes nothing from then on. */
  run(params: P, world: StepWorld, signal: AbortSignal): Promise<StepResult>;
}

/** The target, of the kind the step asked for. */
export function targetOfKind<K extends TargetKind>(
  world: Pick<PlanWorld, 'target'>,
  kind: K,
): NamedTarget<Extract<Target, { kind: K }>> {
  const { target } = world;
  if (target?.target.kind !== kind) throw new TypeError(`the step needs a target of kind ${kind}`);
  return { name: target.name, target: target.target as Extract<Target, { kind: K }> };
}

/** A result that changed nothing. */
export const untouched = (
  outcome: StepResult['outcome'],
  summary: string,
  details: Record<string, unknown> = {},
): StepResult => ({ outcome, summary, touched: 0, details });
