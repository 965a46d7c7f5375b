import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { within as settled, waitFor } from '../../kit/wait.ts';
import type { StepWorld } from '../step.ts';
import { type AskWorld, ask } from './ask.ts';
import type { Condition } from './condition.ts';

/** What hangs is asked again after this: whoever heals answers anew. */
const longestQuestionMs = 5000;
/** Near the end of the time there still is one question that can be answered. */
const shortestQuestionMs = 1000;
const everyMs = 250;

/**
 * Asks until the condition is true: undefined then, otherwise the reason as a sentence. A question that fails counts as "not yet".
 * Throws the signal's reason when it is aborted.
 */
export async function waitForCondition(
  condition: Condition,
  world: AskWorld & Pick<StepWorld, 'clock'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, within } = condition;
  const { clock } = world;
  const end = clock.now() + within;
  let last: string | undefined = 'it was never answered';
  const isTrue = async () => {
    const left = Math.max(shortestQuestionMs, end - clock.now());
    const limitMs = Math.min(longestQuestionMs, left);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    last = await settled(ask(condition, world, limitMs, limit), limit).catch((error: unknown) =>
      limit.aborted ? `no answer within ${promDuration(Math.round(limitMs))}` : messageOf(error),
    );
    return last === undefined;
  };
  try {
    await waitFor(isTrue, { what: name, timeoutMs: within, everyMs, signal, clock });
    return undefined;
  } catch {
    signal.throwIfAborted();
    return `not true within ${within / 1000} s: ${name} (last answer: ${last})`;
  }
}
