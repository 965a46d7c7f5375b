import { comparisonOf } from '../../kit/comparison.ts';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { RouterClient } from '../../kit/release-router.ts';
import type { Target } from '../../kit/targets.ts';
import { within } from '../../kit/wait.ts';
import { isHttpTarget } from '../http/request.ts';
import { whatToHalt } from '../releases/what-to-halt.ts';
import { isSqlTarget } from '../sql/session.ts';
import type { StepWorld } from '../step.ts';
import { kindsAsked, targetNamed } from './asked-target.ts';
import type { Question } from './condition.ts';
import { askHttp } from './http.ts';
import { askPrometheus } from './promql.ts';
import { askDatabase, numberIn } from './sql.ts';

/** What a condition is asked through. */
export type AskWorld = Pick<StepWorld, 'target' | 'targets' | 'prometheus' | 'fetch' | 'clock'>;

/** What was found: `said` is what was answered instead (`3 rows`, `0.4`), or why nobody knows. */
export type Answer = { is: true } | { is: false | 'unknown'; said: string };

const yes: Answer = { is: true };
const no = (said: string): Answer => ({ is: false, said });
const unknown = (said: string): Answer => ({ is: 'unknown', said });

/** Whether it is true now. Who does not answer, or not in time, has not said that it is false. Does not throw. */
export async function ask(
  question: Question,
  world: AskWorld,
  limitMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  return within(answer(question, world, limitMs, limit), limit).catch((error: unknown) =>
    unknown(limit.aborted ? `no answer within ${promDuration(Math.round(limitMs))}` : messageOf(error)),
  );
}

async function answer(
  question: Question,
  world: AskWorld,
  limitMs: number,
  signal: AbortSignal,
): Promise<Answer> {
  const { promql, sql, no_rows, http, release, expect = '' } = question;
  const against = (value: number) => (comparisonOf(expect).holds(value) ? yes : no(`${value}`));
  if (promql !== undefined) return ofAll(await askPrometheus(promql, world, signal), against);
  const target = askedTarget(question, world);
  if (http !== undefined)
    return against(
      await askHttp(http, target && isHttpTarget(target) ? target : undefined, world.fetch, signal),
    );
  if (release !== undefined && target?.kind === 'release') {
    const { reason } = whatToHalt(await new RouterClient(target, world.fetch).state(signal), release, world);
    return reason === undefined ? yes : no(reason);
  }
  if (!target || !isSqlTarget(target)) throw new TypeError('the condition asks no database');
  const found = await askDatabase(target, sql ?? no_rows ?? '', limitMs, signal);
  if (no_rows !== undefined) return found.count === 0 ? yes : no(`${found.count} rows`);
  const number = numberIn(found);
  return 'problem' in number ? unknown(number.problem) : against(number.value);
}

/** Every series must hold: one machine that is up proves nothing about the others. No series is no answer, and neither is NaN. */
function ofAll(values: readonly number[], against: (value: number) => Answer): Answer {
  if (values.length === 0) return unknown('no sample');
  if (values.some(Number.isNaN)) return unknown('NaN');
  return values.map(against).find((found) => found.is !== true) ?? yes;
}

function askedTarget(question: Question, { target, targets }: AskWorld): Target | undefined {
  const kinds = kindsAsked(question);
  if (kinds === undefined) return undefined;
  const { target: name } = question;
  const found = name === undefined ? target?.target : targetNamed(targets, name);
  if (!found || !kinds.includes(found.kind))
    throw new Error(`${name ?? 'the target'} is no target of kind ${kinds.join(' or ')}`);
  return found;
}
