import { UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import type { Activity } from './activity-schema.ts';
import type { Experiment } from './experiment.ts';
import { converted, type GivenVariables } from './given-variables.ts';
import { isRecord } from './python-values.ts';
import type { Variables } from './substitute.ts';

/** The variables of an experiment, but for those that a probe must be asked for first. */
export interface LoadedVariables {
  variables: Variables;
  /** In the order of the file: a later probe may use the value of an earlier one. */
  dynamic: { name: string; probe: Activity }[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves configuration and secrets; throws one UsageError that names every environment variable that is missing. */
export function loadVariables(
  experiment: Experiment,
  given: GivenVariables,
  env: Environment,
): LoadedVariables {
  const declared = experiment.configuration ?? {};
  refuseUnknown(given.named, Object.keys(declared));
  const missing: string[] = [];
  const dynamic: LoadedVariables['dynamic'] = [];
  const configuration: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(declared)) {
    const entry = Object.hasOwn(given.configuration, name) ? given.configuration[name] : written;
    if (isRecord(entry) && entry.type === 'env') configuration[name] = fromEnv(name, entry, env, missing);
    else if (isRecord(entry) && entry.type === 'probe') dynamic.push({ name, probe: entry as Activity });
    else configuration[name] = entry;
  }
  const secrets = loadSecrets(experiment.secrets ?? {}, given.secrets, env, missing);
  refuseMissing(missing);
  return { variables: { configuration, secrets }, dynamic };
}

function fromEnv(name: string, entry: Record<string, unknown>, env: Environment, missing: string[]): unknown {
  const value = env[String(entry.key)];
  if (value === undefined && !('default' in entry)) missing.push(`${entry.key} (configuration ${name})`);
  const type = typeof entry.env_var_type === 'string' ? entry.env_var_type : undefined;
  return converted(type, value ?? entry.default ?? null, `configuration ${name} from ${entry.key}`);
}

/** A group that a --var-file gives replaces the whole group, as in Chaos Toolkit. */
function loadSecrets(
  declared: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  env: Environment,
  missing: string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(declared).map(([name, entry]) => {
      if (!isRecord(entry)) return [name, entry];
      if (given[name] !== undefined && given[name] !== null) return [name, given[name]];
      if (entry.type !== 'env') return [name, loadSecrets(entry, {}, env, missing)];
      const key = String(entry.key);
      if (env[key] === undefined) missing.push(`${key} (secret ${name})`);
      return [name, env[key]];
    }),
  );
}

function refuseUnknown(named: readonly string[], declared: readonly string[]): void {
  const unknown = named.find((name) => !declared.includes(name));
  if (unknown === undefined) return;
  const near = closest(unknown, declared);
  throw new UsageError(
    'experiment.unknown-var',
    `--var ${unknown}: the experiment has no configuration of this name${near ? `; did you mean "${near}"?` : ''}`,
    { mend: `Known are ${declared.join(', ') || 'none'}. Nothing was touched.` },
  );
}

function refuseMissing(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new UsageError('experiment.environment', `not in the environment: ${missing.join(', ')}`, {
    mend: 'Set them, or give a configuration a default. Nothing was touched.',
  });
}
