import { parseDocument } from 'yaml';
import { z } from 'zod';
import { glance, parseYaml } from '../../kit/yaml-file.ts';
import {
  type Activity,
  activity,
  activityOrReference,
  hypothesisProbe,
  type Reference,
} from './activity-schema.ts';
import { isRecord } from './python-values.ts';
import { chosen, fields, nonEmpty, refused } from './schema-parts.ts';

export const rollbackStrategies = ['default', 'always', 'never', 'deviated'] as const;
export type RollbackStrategy = (typeof rollbackStrategies)[number];

export const hypothesisStrategies = [
  'default',
  'before-method-only',
  'after-method-only',
  'during-method-only',
  'continuously',
] as const;
export type HypothesisStrategy = (typeof hypothesisStrategies)[number];

const envTypes = ['str', 'string', 'int', 'integer', 'float', 'number', 'bytes', 'bool', 'json'] as const;
export type ValueType = (typeof envTypes)[number];

const fromEnvironment = fields({
  type: z.literal('env'),
  key: nonEmpty,
  env_var_type: z.enum(envTypes).optional(),
  default: z.unknown().optional(),
});

/** A value of the configuration as it is written: itself, an environment variable, or a probe that is asked before the run. */
export type ConfigurationEntry = z.output<typeof fromEnvironment> | Activity | unknown;

const configurationEntry = chosen<ConfigurationEntry>((value) => {
  if (!isRecord(value)) return z.unknown();
  if (value.type === 'env') return fromEnvironment;
  return value.type === 'probe' ? activity : z.unknown();
});

const secret: z.ZodType<unknown> = chosen<unknown>((value) => {
  if (!isRecord(value)) return z.unknown();
  if (value.type === 'env') return fromEnvironment;
  if (value.type === 'vault')
    return refused(
      () =>
        'secrets are not read from Vault; put it into the environment first (NAME=$(vault kv get -field=… …)) and write {type: env, key: NAME}',
    );
  return z.record(z.string(), secret);
});

const control = chosen<unknown>((value) => {
  const module = isRecord(value) && isRecord(value.provider) ? String(value.provider.module) : '';
  return /safeguard/.test(module)
    ? refused(
        () =>
          `the control ${module} cannot stop an experiment here; use guardrails of an Andon drill instead`,
      )
    : z.unknown();
});

/** The strict schema of an experiment; `names` are the activities that a `ref` may name. */
export const experimentSchema = (names: readonly string[]) =>
  fields({
    title: nonEmpty,
    description: nonEmpty,
    version: z.unknown().optional(),
    tags: z.array(nonEmpty).nullish(),
    extensions: z.array(z.looseObject({ name: nonEmpty })).nullish(),
    contributions: z.unknown().optional(),
    controls: z.array(control).nullish(),
    configuration: z.record(z.string(), configurationEntry).optional(),
    secrets: z.record(z.string(), secret).optional(),
    'steady-state-hypothesis': fields({
      title: nonEmpty,
      probes: z.array(hypothesisProbe(names)).nullish(),
      controls: z.unknown().optional(),
    }).nullish(),
    method: z.array(activityOrReference(names)),
    rollbacks: z.array(activityOrReference(names)).optional(),
    runtime: fields({
      rollbacks: fields({ strategy: z.enum(rollbackStrategies).optional() }).nullish(),
      hypothesis: fields({
        // The misspelling was once the documented word.
        strategy: z.enum([...hypothesisStrategies, 'continously']).optional(),
      }).nullish(),
    }).nullish(),
    dry: z.unknown().optional(),
  });

export type Experiment = z.output<ReturnType<typeof experimentSchema>>;

/** An experiment, and the document that it was read from. */
export interface ReadExperiment {
  file: string;
  experiment: Experiment;
  document: Record<string, unknown>;
}

/** Reads an experiment; throws one InvalidFileError that names every mistake with line and column. */
export function readExperiment(file: string, text: string): ReadExperiment {
  const document = glance(text);
  const experiment = parseYaml(file, text, experimentSchema(namesIn(document)));
  return { file, experiment, document: isRecord(document) ? document : {} };
}

/** The activities that a `ref` may name: those of the method and of the hypothesis. */
function namesIn(document: unknown): string[] {
  return referable(document).flatMap((item) =>
    isRecord(item) && typeof item.name === 'string' && item.provider !== undefined ? [item.name] : [],
  );
}

function referable(document: unknown): unknown[] {
  if (!isRecord(document)) return [];
  const hypothesis = document['steady-state-hypothesis'];
  const lists = [document.method, isRecord(hypothesis) ? hypothesis.probes : undefined];
  return lists.flatMap((list) => (Array.isArray(list) ? list : []));
}

/** The activity itself, or the one that is referred to: of several with one name the last, those of the hypothesis last of all. */
export function resolve(entry: Activity | Reference, experiment: Experiment): Activity {
  if (!('ref' in entry) || typeof entry.ref !== 'string') return entry as Activity;
  const all = [...experiment.method, ...(experiment['steady-state-hypothesis']?.probes ?? [])];
  const found = all.findLast((one) => 'provider' in one && one.name === entry.ref);
  if (!found) throw new Error(`no activity is called ${entry.ref}`);
  return found as Activity;
}

/** Whether a file is an experiment of Chaos Toolkit, and not a drill of ours. JSON with mistakes in its syntax counts as one. */
export function isExperiment(file: string, text: string): boolean {
  const parsed = parseDocument(text, { logLevel: 'silent' });
  if (parsed.errors.length > 0) return file.endsWith('.json');
  const document = glance(text);
  if (!isRecord(document) || ['id', 'cause', 'hypothesis', 'drills'].some((key) => key in document))
    return false;
  if ('steady-state-hypothesis' in document) return true;
  const { method } = document;
  if (Array.isArray(method) && method.some((item) => isRecord(item) && ('provider' in item || 'ref' in item)))
    return true;
  return 'title' in document && 'description' in document && Array.isArray(method ?? []);
}
