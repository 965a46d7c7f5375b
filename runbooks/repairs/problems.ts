import type { ComparisonConfig } from '../../exporters/consistency/config.ts';
import type { Targets } from '../../kit/targets.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { RepairConfig } from './config.ts';

interface Around {
  comparisons: readonly ComparisonConfig[];
  targets: Targets;
}

/** What is wrong between repairs, the comparisons they belong to, and the targets. */
export const repairProblems = (
  configs: Readonly<Record<string, RepairConfig>>,
  around: Around,
): ExtraProblem[] =>
  Object.entries(configs).flatMap(([name, config]) =>
    problemsOf(config, around).map(([key, message]) => ({
      path: ['runbooks', 'repairs', name, key],
      message,
    })),
  );

type Problem = readonly [key: keyof RepairConfig, message: string];

function problemsOf(config: RepairConfig, { comparisons, targets }: Around): Problem[] {
  const comparison = comparisons.find(({ name }) => name === config.comparison);
  if (!comparison) return [['comparison', `no comparison is called "${config.comparison}"`]];
  return [
    ...systemProblems(config, comparison, targets),
    ...parameterProblems(config, comparison),
    ...(config.mark && config.match.includes(config.mark.column)
      ? [['mark', `"${config.mark.column}" names the row, so it cannot mark it`] as const]
      : []),
  ];
}

function systemProblems(config: RepairConfig, comparison: ComparisonConfig, targets: Targets): Problem[] {
  const { source, destinations } = comparison;
  const systems = [source, ...destinations];
  const from = config.from ?? source.system;
  const wrong = (key: 'from' | 'into', name: string): Problem[] => {
    const found = systems.find(({ system }) => system === name);
    if (!found) return [[key, `the comparison ${comparison.name} has no system "${name}"`]];
    const kind = targets[found.target]?.kind;
    // A target that does not exist is named where the comparison names it.
    if (kind === undefined || kind === 'postgres') return [];
    return [[key, `is a ${kind} database; repairs read and write PostgreSQL only`]];
  };
  const problems = [...wrong('from', from), ...wrong('into', config.into)];
  if (problems.length > 0) return problems;
  if (from === config.into) return [['into', `is the system that is right (from: ${from})`]];
  if (from !== source.system && config.into !== source.system)
    return [['from', `${from} and ${config.into} are never compared: one must be ${source.system}`]];
  return [];
}

function parameterProblems({ record }: RepairConfig, { keys }: ComparisonConfig): Problem[] {
  const used = new Set([...record.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const missing = keys.flatMap((key, index) => (used.has(index + 1) ? [] : [`$${index + 1} (${key})`]));
  // A key that is not asked for would let one record stand for several.
  if (missing.length > 0) return [['record', `does not use ${missing.join(' and ')}`]];
  const beyond = [...used].filter((number) => number > keys.length);
  return beyond.length > 0 ? [['record', `uses $${beyond[0]}, but the keys are ${keys.join(', ')}`]] : [];
}
