import type { ComparisonConfig } from '../../exporters/consistency/config.ts';
import { UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import type { TargetOf, Targets } from '../../kit/targets.ts';
import type { RepairConfig } from './config.ts';

/** One of the two systems of a repair: its name in the comparison, and its target in andon.yaml. */
export interface RepairSystem {
  system: string;
  target: string;
}

/** A repair with all that it needs to know of the comparison it belongs to. */
export interface Repair extends Omit<RepairConfig, 'comparison' | 'from' | 'into'> {
  name: string;
  comparison: ComparisonConfig;
  /** The system that is right, and the one that is written. */
  from: RepairSystem;
  into: RepairSystem;
  /** The system of the pair that the comparison lists under `destinations`. */
  destination: string;
}

/** Repairs by their names. */
export type Repairs = Readonly<Record<string, Repair>>;

/** The repairs of andon.yaml. What `repairProblems` found wrong is left out. */
export function repairsOf(
  configs: Readonly<Record<string, RepairConfig>>,
  comparisons: readonly ComparisonConfig[],
): Repairs {
  const pairs = Object.entries(configs).flatMap(([name, config]) => {
    const found = repairOf(name, config, comparisons);
    return found ? [[name, found] as const] : [];
  });
  return Object.fromEntries(pairs);
}

function repairOf(
  name: string,
  config: RepairConfig,
  comparisons: readonly ComparisonConfig[],
): Repair | undefined {
  const comparison = comparisons.find((one) => one.name === config.comparison);
  if (!comparison) return undefined;
  const systems = [comparison.source, ...comparison.destinations];
  const systemOf = (wanted: string) => systems.find(({ system }) => system === wanted);
  const from = systemOf(config.from ?? comparison.source.system);
  const into = systemOf(config.into);
  if (!from || !into) return undefined;
  const destination = from.system === comparison.source.system ? into.system : from.system;
  return { ...config, name, comparison, from: named(from), into: named(into), destination };
}

const named = ({ system, target }: RepairSystem): RepairSystem => ({ system, target });

/** What `repair: '*'` stands for. */
export const everyRepair = '*';

/** The repairs that a name means; throws UsageError when there is none. */
export function repairsNamed(repairs: Repairs, name: string): Repair[] {
  const all = Object.values(repairs);
  const found = name === everyRepair ? all : all.filter((repair) => repair.name === name);
  if (found.length > 0) return found;
  const near = closest(name, Object.keys(repairs));
  throw new UsageError(
    'repair.unknown',
    name === everyRepair ? 'andon.yaml has no repair' : `no repair is called "${name}"`,
    {
      mend: near
        ? `Did you mean "${near}"?`
        : 'Write it under runbooks.repairs in andon.yaml: docs/runbooks/repair-drift.md shows how.',
    },
  );
}

/** The database of a system. Kinds were checked when andon.yaml was read. */
export function postgresOf(targets: Targets, { target: name }: RepairSystem): TargetOf<'postgres'> {
  const target = targets[name];
  if (target?.kind === 'postgres') return target;
  throw new UsageError('repair.target', `the target "${name}" is no PostgreSQL database`);
}
