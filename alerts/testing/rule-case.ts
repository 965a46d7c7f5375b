import type { AlertRule } from '../rule.ts';

/** When a test scrapes and evaluates, and at which step the alert must fire. Series go on for a few steps more. */
export interface Timeline {
  readonly stepSeconds: number;
  readonly firingStep: number;
  /** Evaluates at every so many steps only, for days on end; the firing step must be one of them. */
  readonly evaluateEvery?: number;
}

/** Steps after the next evaluation: a lost scrape and what follows it. */
const afterwards = 4;

/** One value for each scrape; `_` is a scrape without the series, `stale` a scrape that failed. */
export type Values = readonly (number | '_' | 'stale')[];
/** Selector of a series, as in `mes_up{target="mes"}` → its values. */
export type Series = Readonly<Record<string, Values>>;

/** What every alert must prove. */
export interface RuleCase {
  alert: string;
  tier: AlertRule['tier'];
  /** The condition becomes true exactly `for` before the firing step, so that one evaluation earlier it is pending. */
  fires: Series;
  /** Nearly the same, and nothing may fire. Undefined only for an alert that can never be silent. */
  justUnder: Series | undefined;
  /** What it says when none of its series exist. */
  whenMissing: 'silent' | 'fires';
  /** Labels of the firing alert, besides those that the rule sets. */
  labels: Readonly<Record<string, string>>;
  /** The same when none of its series exist, where that differs. */
  missingLabels?: Readonly<Record<string, string>>;
  /** For windows longer than two minutes. */
  timeline?: Timeline;
  /** Whether it must be silent one step before the firing one; as usual that holds where it has a `for`. */
  notEarlier?: boolean;
  /** For a plant that has written its shifts in andon.yaml. */
  inShift?: true;
  /** Recorded series that the case gives itself, because what they are made of would take too many steps. */
  given?: readonly string[];
}

/** Values on a timeline. */
export interface ValuesOn {
  /** The same value in every scrape. */
  always(value: number): Values;
  /** One value until the condition of a rule with this `for` must become true, and another from then on. */
  until(before: Values[number], after: Values[number], forMs: number): Values;
  /** A counter, old already, that grows by so much in each scrape: so that rates are exact. */
  growing(perStep: number): Values;
  /** An old counter that grows by so much once, so many steps before the firing one. */
  grownOnce(by: number, stepsBefore?: number): Values;
  /** A value for each step. */
  at(atStep: (step: number) => Values[number]): Values;
}

const oldCounter = 1000;

/** Values for each scrape of a timeline. */
export function valuesOn({ stepSeconds, firingStep, evaluateEvery = 1 }: Timeline): ValuesOn {
  const at = (atStep: (step: number) => Values[number]): Values =>
    Array.from({ length: firingStep + evaluateEvery + afterwards }, (_, step) => atStep(step));
  return {
    at,
    always: (value) => at(() => value),
    until: (before, after, forMs) =>
      at((step) => (step < firingStep - Math.ceil(forMs / 1000 / stepSeconds) ? before : after)),
    growing: (perStep) => at((step) => oldCounter + step * perStep),
    grownOnce: (by, stepsBefore = 1) =>
      at((step) => (step < firingStep - stepsBefore ? oldCounter : oldCounter + by)),
  };
}

/** Scrapes and evaluations as in the defaults of the section, for two minutes. */
export const usualTimeline: Timeline = { stepSeconds: 5, firingStep: 24 };
/** When the alert of a case on the usual timeline fires. */
export const firingSecond = usualTimeline.stepSeconds * usualTimeline.firingStep;
export const { always, until, growing, grownOnce, at } = valuesOn(usualTimeline);
