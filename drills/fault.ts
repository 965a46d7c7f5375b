import type { z } from 'zod';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Target, TargetKind, Targets } from '../kit/targets.ts';
import type { Leash } from './leash.ts';
import type { Undo } from './undo.ts';

/** A target of andon.yaml together with its name there. */
export interface NamedTarget<T extends Target = Target> {
  name: string;
  target: T;
}

/** Everything a fault may reach: passed in, so that tests hold it and nothing is ambient. */
export interface Host {
  clock: Clock;
  log: Log;
  fetch: typeof fetch;
  /** The targets of andon.yaml, for undos that name another one. */
  targets: Targets;
  /** Starts the load that some faults are made of; undefined where no load generator can be had. */
  load?: LoadStarter | undefined;
  /**
   * Starts the process that carries out the plan's undo 3 s after our last sign of life. Every fault that neither a server nor the
   * kernel leases takes one before it breaks anything (see leashed-injection.ts).
   */
  leash: (plan: Plan) => Promise<Leash>;
}

/** Starts virtual users that end by themselves after `durationMs`, or earlier when the handle is disposed. */
export type LoadStarter = (request: LoadRequest, signal: AbortSignal) => Promise<RunningLoad>;

export interface LoadRequest {
  profile: string;
  users: number;
  durationMs: number;
  /** Put into the environment of every process of the load, so that an undo finds them: `ANDON_MARK=<mark>`. */
  mark: string;
}

export interface RunningLoad extends AsyncDisposable {
  /** Requests the users have made so far. */
  requests(): Promise<number>;
  /** Resolves when all users are done. */
  finished: Promise<void>;
}

/** What a fault is going to do, computed without touching anything. */
export interface Plan {
  kind: string;
  target: string;
  /** The id of the run that owns the fault: every session, cut and process carries it. */
  run: string;
  /** Every side effect, one sentence each, for `andon drill plan`. */
  effects: readonly string[];
  /** How another process takes the fault back; on disk before the fault is in. */
  undo: Undo;
  /** How long the fault stays unless it is lifted earlier, in milliseconds. */
  durationMs: number;
}

/** A fault that is in. Disposing lifts it and is safe to repeat. */
export interface Injection extends AsyncDisposable {
  /** Who ended it before its time: `runbook`, `lease`, `server`, … Resolves only if something other than us lifted it. */
  readonly liftedByOthers: Promise<string>;
  /** How many sessions, connections, requests … it has really affected so far. 0 fails the drill. */
  touched(): Promise<number>;
  /** What is still there of it, in words; empty when nothing is. Asked after disposing. */
  residue(): Promise<string[]>;
}

/** One thing that stops factories, as something that can be done to a target and always ends. */
export interface Fault<P = unknown> {
  kind: string;
  /** One line for `andon drill list`. */
  summary: string;
  /** One of what `touched` counts, for reports: `session`, `connection`. */
  affects?: string;
  params: z.ZodType<P>;
  targets: readonly TargetKind[];
  /** Pure: every side effect, and its undo as data. */
  plan(params: P, target: NamedTarget, run: string, durationMs: number): Plan;
  /**
   * Asked in the preflight: throws UnavailableError when something is missing (a right, a program, a state in which the fault would
   * touch nothing). Touches nothing.
   */
  demand?(params: P, target: NamedTarget, host: Omit<Host, 'leash' | 'load'>): Promise<void>;
  inject(plan: Plan, params: P, target: NamedTarget, host: Host, signal: AbortSignal): Promise<Injection>;
}
