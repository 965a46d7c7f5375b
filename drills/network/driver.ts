import type { Target } from '../../kit/targets.ts';
import type { Host, NamedTarget } from '../fault.ts';
import type { Undo } from '../undo.ts';

/** Which bytes are meant, as seen from who opened the connection. */
export const directions = ['both', 'upstream', 'downstream'] as const;
export type Direction = (typeof directions)[number];

/** How a link is cut: `drop` like a pulled cable, `reject` with new connections refused, `reset` with RST for all. */
export const cutModes = ['drop', 'reject', 'reset'] as const;
export type CutMode = (typeof cutModes)[number];

/** One thing that is wrong with a network, independent of who makes it so. */
export type Disturbance =
  | { kind: 'cut'; mode: CutMode; direction: Direction }
  /** Every byte comes later: `latencyMs` ± `jitterMs`, evenly distributed, never out of order. */
  | { kind: 'latency'; latencyMs: number; jitterMs: number; direction: Direction }
  | { kind: 'bandwidth'; bytesPerSecond: number; direction: Direction }
  /** A share (0 to 1) of the packets is lost; above TCP that is delay, as the kernel sends them again. */
  | { kind: 'loss'; ratio: number; direction: Direction };

/**
 * Whoever can disturb the traffic of one kind of target.
 *
 * A `holder` is one fault of one run: `andon-drill-RUN~cut`, the run's name and what it does (holder.ts). The faults of one run may
 * disturb a target at the same time, each under its own holder; another run is refused. It has letters, digits and `_.:-~`: where a
 * server takes fewer, the driver writes it in another way.
 */
export interface NetworkDriver<T extends Target = Target> {
  /** The kind of targets it serves. */
  kind: T['kind'];
  /** Why it cannot do this, in words, or undefined when it can. Pure. */
  cannot(disturbance: Disturbance, target: T): string | undefined;
  /** Its side effects, a sentence each, the lease included. Pure. */
  effects(disturbance: Disturbance, target: NamedTarget<T>, holder: string): string[];
  /** How another process takes everything back that this holder has done. Pure. */
  undo(target: NamedTarget<T>, holder: string): Undo;
  /** Throws UnavailableError where a right, a program or a server is missing. Touches nothing. */
  demand(target: NamedTarget<T>, host: Pick<Host, 'fetch'>): Promise<void>;
  /** Who disturbs in the name of this holder. Nothing is disturbed before `set`. */
  hold(target: NamedTarget<T>, holder: string, host: Pick<Host, 'fetch' | 'clock' | 'log'>): NetworkHold;
}

/** What the driver's server or kernel says of a hold. */
export type HoldState =
  /** `touched`: connections, packets … that it has hit so far; it never shrinks. */
  { held: true; touched: number } | { held: false; by: string };

/** One holder's disturbance of one target. */
export interface NetworkHold {
  /** Puts the disturbance in, for open and new connections at once; null takes it out and keeps the hold. Throws when refused. */
  set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void>;
  /** Says once more that we live, for servers that lease; never makes a disturbance again that has ended. */
  renew(): Promise<HoldState>;
  /** Takes it out and gives the hold back; safe to repeat. */
  release(): Promise<void>;
  /** What is still there of this holder, in words. */
  residue(): Promise<string[]>;
  /** Whether server or kernel ends it by itself without renewal. Where not, the fault takes a leash. */
  readonly leased: boolean;
}
