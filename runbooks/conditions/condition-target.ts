import type { Targets } from '../../kit/targets.ts';
import type { NamedTarget } from '../step.ts';
import type { Condition } from './condition.ts';

/** Why a condition cannot be asked: its target is missing or of a kind that does not answer. */
export function conditionTargetProblem(
  { name, sql, no_rows, http, target: wanted }: Condition,
  targets: Targets,
  fallback: NamedTarget | undefined,
): string | undefined {
  const target = wanted === undefined ? fallback?.target : targets[wanted];
  if (wanted !== undefined && !target) return `"${name}": andon.yaml has no target "${wanted}"`;
  if (sql !== undefined || no_rows !== undefined)
    return target?.kind === 'postgres' || target?.kind === 'mysql'
      ? undefined
      : `"${name}" asks a database, and its target is of kind ${target?.kind ?? 'none'}`;
  return http === undefined || URL.canParse(http) || target?.kind === 'mes'
    ? undefined
    : `"${name}" asks a path, and its target is of kind ${target?.kind ?? 'none'}`;
}
