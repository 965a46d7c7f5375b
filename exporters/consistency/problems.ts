import type { TargetKind, Targets } from '../../kit/targets.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { TargetCheck } from '../config-problems.ts';
import type { ComparisonConfig } from './config.ts';
import { timeoutOf } from './timeout.ts';

const databases: readonly TargetKind[] = ['postgres', 'mysql'];

/** What is wrong between comparisons, and between them and `targets:`. */
export const consistencyProblems = (
  comparisons: readonly ComparisonConfig[],
  targets: Targets,
  check: TargetCheck,
): ExtraProblem[] =>
  comparisons.flatMap((comparison, index) => {
    const path = ['exporter', 'consistency', index];
    const earlier = comparisons.slice(0, index);
    return [
      ...nameProblems(comparison, earlier, targets).map((message) => ({ path: [...path, 'name'], message })),
      ...timeProblems(comparison).map(([key, message]) => ({ path: [...path, key], message })),
      ...columnProblems(comparison).map((message) => ({ path: [...path, 'keys'], message })),
      ...check([...path, 'source', 'target'], comparison.source.target, databases),
      ...destinationProblems(comparison, [...path, 'destinations'], check),
    ];
  });

function nameProblems(
  { name }: ComparisonConfig,
  earlier: readonly ComparisonConfig[],
  targets: Targets,
): string[] {
  // Both are the label `target`, so one would be taken for the other.
  if (Object.hasOwn(targets, name))
    return [`"${name}" is the name of a target; call the comparison otherwise`];
  return earlier.some((other) => other.name === name) ? [`another comparison is called "${name}"`] : [];
}

function timeProblems(comparison: ComparisonConfig): [key: string, message: string][] {
  const { interval, timeout, recheck_after } = comparison;
  if (interval <= 0) return [['interval', 'must be longer than nothing']];
  if (timeout !== undefined && (timeout <= 0 || timeout > interval))
    return [['timeout', 'must be longer than nothing and no longer than interval']];
  if (recheck_after >= timeoutOf(comparison))
    return [['recheck_after', 'must be shorter than timeout (interval when that is left out)']];
  return [];
}

function columnProblems({ keys, value }: ComparisonConfig): string[] {
  const columns = [...keys, value, 'unsettled'];
  return columns.flatMap((column, index) =>
    columns.indexOf(column) < index ? [`the column "${column}" is named twice (keys, value, unsettled)`] : [],
  );
}

const destinationProblems = (
  { source, destinations }: ComparisonConfig,
  path: PropertyKey[],
  check: TargetCheck,
): ExtraProblem[] =>
  destinations.flatMap(({ system, target }, index) => {
    const earlier = [source, ...destinations.slice(0, index)];
    const twice = earlier.some((other) => other.system === system)
      ? [{ path: [...path, index, 'system'], message: `another system is called "${system}"` }]
      : [];
    return [...twice, ...check([...path, index, 'target'], target, databases)];
  });
