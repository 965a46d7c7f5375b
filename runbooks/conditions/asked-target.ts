import type { Target, TargetKind, Targets } from '../../kit/targets.ts';
import { httpKinds } from '../http/request.ts';
import { sqlKinds } from '../sql/session.ts';
import type { Question } from './condition.ts';
import { isWholeUrl } from './http.ts';

/** The kinds of target that can answer; undefined where the condition asks none. */
export function kindsAsked({ sql, no_rows, http, release }: Question): readonly TargetKind[] | undefined {
  if (sql !== undefined || no_rows !== undefined) return sqlKinds;
  if (http !== undefined && !isWholeUrl(http)) return httpKinds;
  if (release !== undefined) return ['release'];
  return undefined;
}

/** Why a condition cannot be asked: nobody is named, there is no such target, or one of a kind that cannot answer. Pure. */
export function conditionTargetProblem(
  condition: Question,
  targets: Targets,
  /** The name of the target of the step or runbook, where the condition names none. */
  fallback: string | undefined,
): string | undefined {
  const kinds = kindsAsked(condition);
  const name = condition.target ?? fallback;
  if (kinds === undefined) return undefined;
  if (name === undefined) return `"${condition.name}" needs a target: ${anyOf(kinds)}`;
  const found = targetNamed(targets, name);
  if (!found) return `"${condition.name}" asks target "${name}", which is not under "targets" in andon.yaml`;
  if (!kinds.includes(found.kind))
    return `"${condition.name}" asks target "${name}", which is of kind ${found.kind} and not ${anyOf(kinds)}`;
  return undefined;
}

const anyOf = (kinds: readonly TargetKind[]): string => kinds.join(' or ');

/** Names come from files: `constructor` is no target. */
export const targetNamed = (targets: Targets, name: string): Target | undefined =>
  Object.hasOwn(targets, name) ? targets[name] : undefined;
