import { waitFor } from '../../kit/wait.ts';
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
  world: AskWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { name, within } = condition;
  const { clock } = world;
  const end = clock.now() + within;
  let last = 'it was never answered';
  const isTrue = async () => {
    const left = Math.max(shortestQuestionMs, end - clock.now());
    const answer = await ask(condition, world, Math.min(longestQuestionMs, left), signal);
    if (answer.is !== true) last = answer.said;
    return answer.is === true;
  };
  try {
    await waitFor(isTrue, { what: name, timeoutMs: within, everyMs, signal, clock });
    return undefined;
  } catch {
    signal.throwIfAborted();
    return `not true within ${within / 1000} s: ${name} (last answer: ${last})`;
  }
}
