import { comparisonOf } from '../../kit/comparison.ts';
import type { Target } from '../../kit/targets.ts';
import { isHttpTarget } from '../http/request.ts';
import { isSqlTarget } from '../sql/session.ts';
import type { StepWorld } from '../step.ts';
import { kindsAsked, targetNamed } from './asked-target.ts';
import type { Condition } from './condition.ts';
import { askHttp } from './http.ts';
import { askPrometheus } from './promql.ts';
import { askDatabase, numberIn } from './sql.ts';

/** What a condition is asked through. */
export type AskWorld = Pick<StepWorld, 'target' | 'targets' | 'prometheus' | 'fetch'>;

/** Undefined when the condition is true now, else what was answered instead: `3 rows`, `0.4`. Throws when nobody answers. */
export async function ask(
  condition: Condition,
  world: AskWorld,
  limitMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { promql, sql, no_rows, http, expect = '' } = condition;
  const against = (value: number) => (comparisonOf(expect).holds(value) ? undefined : `${value}`);
  if (promql !== undefined) return askAll(await askPrometheus(promql, world, signal), against);
  const target = askedTarget(condition, world);
  if (http !== undefined)
    return against(
      await askHttp(http, target && isHttpTarget(target) ? target : undefined, world.fetch, signal),
    );
  if (!target || !isSqlTarget(target)) throw new TypeError('the condition asks no database');
  const answer = await askDatabase(target, sql ?? no_rows ?? '', limitMs, signal);
  if (no_rows !== undefined) return answer.count === 0 ? undefined : `${answer.count} rows`;
  const number = numberIn(answer);
  return 'problem' in number ? number.problem : against(number.value);
}

/** Every series must hold: one machine that is up proves nothing about the others. No series is no answer, and neither is NaN. */
function askAll(
  values: readonly number[],
  against: (value: number) => string | undefined,
): string | undefined {
  if (values.length === 0) return 'no sample';
  if (values.some(Number.isNaN)) return 'NaN';
  return values.map(against).find((wrong) => wrong !== undefined);
}

function askedTarget(condition: Condition, { target, targets }: AskWorld): Target | undefined {
  const kinds = kindsAsked(condition);
  if (kinds === undefined) return undefined;
  const { target: name } = condition;
  const found = name === undefined ? target?.target : targetNamed(targets, name);
  if (!found || !kinds.includes(found.kind))
    throw new Error(`${name ?? 'the target'} is no target of kind ${kinds.join(' or ')}`);
  return found;
}
