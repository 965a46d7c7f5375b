import { comparisonOf } from '../../kit/comparison.ts';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import type { ReleaseCondition } from './config.ts';
import type { ReleaseWorld } from './release-world.ts';

/** What Prometheus says of the conditions. */
export interface ConditionsNow {
  /** Since when each that is false has been so. */
  falseSince: Record<string, number>;
  /** The one that has been false for too long, as a sentence. */
  breached: string | undefined;
  /** Why they are not all known to be true; undefined when they are. */
  open: string | undefined;
}

/** Asks all conditions. No sample and no answer are neither true nor false: nothing is withdrawn or promoted for them. */
export async function lookAtConditions(
  before: Readonly<Record<string, number>>,
  { config, askPrometheus, clock }: Pick<ReleaseWorld, 'config' | 'askPrometheus' | 'clock'>,
  signal: AbortSignal,
): Promise<ConditionsNow> {
  const seen: ConditionsNow = { falseSince: {}, breached: undefined, open: undefined };
  for (const condition of config.conditions) {
    const { name, promql } = condition;
    const answer = await askPrometheus(promql, signal).catch(messageOf);
    signal.throwIfAborted();
    if (typeof answer !== 'number' || Number.isNaN(answer)) {
      // What was false and cannot be asked now is not true for that.
      if (before[name] !== undefined) seen.falseSince[name] = before[name];
      seen.open ??= `not known: ${name} (${typeof answer === 'string' ? answer : 'no sample'})`;
    } else if (!comparisonOf(condition.expect).holds(answer)) {
      const since = before[name] ?? clock.now();
      seen.falseSince[name] = since;
      seen.open ??= `not true: ${inWords(condition, answer)}`;
      if (clock.now() - since >= condition.for)
        seen.breached ??= `for ${promDuration(condition.for)} it was not true that ${inWords(condition, answer)}`;
    }
  }
  return seen;
}

const inWords = ({ name, expect }: ReleaseCondition, value: number): string =>
  `${name} (${value}, and not ${expect})`;
