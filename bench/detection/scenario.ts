import type { Place } from './place.ts';

/** What a scenario needs whole, or breaks: two that break the same never run at the same time. */
export type Resource = 'mes' | 'line-1' | 'line-2' | 'broker' | 'night' | 'second-exporter';

/** One alert that must be delivered, and the labels by which its instance is told from others of its name. */
export interface Expected {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Time before the rule can know of the fault that is no part of its bound, such as the interval of a comparison. */
  readonly before?: { readonly ms: number; readonly reason: string };
}

/** A fault that is in; leaving its scope undoes it. */
export interface Fault extends AsyncDisposable {
  /** When it was made, Unix milliseconds. */
  readonly madeAt: number;
  /** A better answer to that question, once the alert has come. */
  readonly since?: () => Promise<number>;
}

/** One real fault, and the alerts of tier A that must tell of it. */
export interface Scenario {
  readonly name: string;
  /** What is done, as it stands in the document. */
  readonly cause: string;
  readonly expects: readonly Expected[];
  /** What must work meanwhile. */
  readonly uses: readonly Resource[];
  /** What does not work meanwhile. */
  readonly breaks: readonly Resource[];
  make(place: Place): Promise<Fault>;
}

/** This computer cannot have the fault; the message says why. */
export class CannotBeMade extends Error {}

/** A fault with its undoing. */
export const faultOf = (madeAt: number, undo: () => unknown, more: Pick<Fault, 'since'> = {}): Fault => ({
  madeAt,
  ...more,
  [Symbol.asyncDispose]: async () => {
    await undo();
  },
});
