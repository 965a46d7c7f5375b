import { messageOf } from '../../kit/errors.ts';
import { type AskWorld, ask } from '../conditions/ask.ts';
import type { Condition, Question } from '../conditions/condition.ts';
import { waitForCondition } from '../conditions/wait-for-condition.ts';
import { namedTarget } from '../resolve-target.ts';
import { fillIn, type PlaceholderValues } from '../schema/placeholders.ts';
import type { Need } from '../store/run.ts';
import { type Execution, valuesOf } from './execution.ts';

/** Through what conditions are asked, and what their placeholders stand for. */
interface Asking {
  world: AskWorld;
  values: PlaceholderValues;
}

/** An incident goes on meanwhile: who cannot say within this time whether there is anything to do is not waited for. */
const needWithinMs = 3000;

/** Whether there is anything to do: false only where that was really answered. Asks everything at once. Does not throw. */
export async function askNeed(execution: Execution, signal: AbortSignal): Promise<Need> {
  const asking = askingOf(execution);
  const { applies = [] } = execution.runbook;
  const answers = await Promise.all(
    applies.map(async (question) => {
      const answer = await askOnce(question, asking, signal);
      return { is: answer.is, said: 'said' in answer ? `${question.name} (${answer.said})` : question.name };
    }),
  );
  const saying = (is: boolean | 'unknown') =>
    answers.filter((answer) => answer.is === is).map(({ said }) => said);
  const [isFalse, unknown] = [saying(false), saying('unknown')];
  if (isFalse.length > 0) return { applies: false, said: `not true: ${isFalse.join('; ')}` };
  if (unknown.length > 0)
    return { applies: 'unknown', said: `nobody could say whether ${unknown.join('; ')}` };
  return { applies: true, said: saying(true).join('; ') };
}

async function askOnce(question: Question, { world, values }: Asking, signal: AbortSignal) {
  try {
    return await ask(filled(question, values), world, needWithinMs, signal);
  } catch (error) {
    return { is: 'unknown' as const, said: messageOf(error) };
  }
}

/** Why the run's own checks did not come true; undefined once they all have. */
export async function unverified(execution: Execution, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await firstProblem(execution.runbook.verify, askingOf(execution), signal);
  } catch (error) {
    return `not verified: ${messageOf(error)}`;
  }
}

function askingOf({ run, deps }: Execution): Asking {
  const { targets, prometheus, clock, fetch } = deps;
  const target = run.target === null ? undefined : namedTarget(targets, run.target);
  return { world: { target, targets, prometheus, clock, fetch }, values: valuesOf(run) };
}

/** Waits for conditions one after the other; why the first that does not come true does not. */
export async function firstProblem(
  conditions: readonly Condition[],
  { world, values }: Asking,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const condition of conditions) {
    const problem = await waitForCondition(filled(condition, values), world, signal);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const filled = <Q extends Question>(question: Q, values: PlaceholderValues): Q =>
  fillIn(question, values, (key) => (key === 'promql' ? 'promql' : key === 'http' ? 'url' : 'as-it-is'));
