import { z } from 'zod';
import { parseJsonPath } from './json-path-parser.ts';
import { refusalOfPython } from './python-providers.ts';
import { compilePythonRegex } from './python-regex.ts';
import { isRecord } from './python-values.ts';
import { chosen, fields, hasNames, nonEmpty, readable, refused } from './schema-parts.ts';

/** A number, or `${name}` of one. */
const numberOrName = chosen<number | string>((value) =>
  typeof value === 'string'
    ? z.string().regex(/^\$\{.+\}$/, 'must be a number, or ${name} of a configuration')
    : z.number().nonnegative(),
);

const url = nonEmpty.check((context) => {
  const value = context.value;
  if (hasNames(value) || (URL.canParse(value) && /^https?:/i.test(value))) return;
  context.issues.push({ code: 'custom', input: value, message: `"${value}" is not a http or https address` });
});

const httpProvider = fields({
  type: z.literal('http'),
  url,
  method: z.string().optional(),
  headers: z.record(z.string(), z.unknown()).nullish(),
  arguments: z.union([z.record(z.string(), z.unknown()), z.string(), z.null()]).optional(),
  timeout: chosen<number | string | (number | string)[]>((value) =>
    Array.isArray(value)
      ? z.array(numberOrName).length(2, 'must be seconds, or [connect, read]')
      : numberOrName,
  ).nullish(),
  verify_tls: z.boolean().optional(),
  max_retries: z.int().nonnegative().optional(),
  expected_status: z.unknown().optional(),
  secrets: z.unknown().optional(),
});

const processProvider = fields({
  type: z.literal('process'),
  path: nonEmpty,
  arguments: z
    .union([z.array(z.unknown()), z.record(z.string(), z.unknown()), z.string(), z.null()])
    .optional(),
  timeout: numberOrName.nullish(),
  secrets: z.unknown().optional(),
});

export type HttpProvider = z.output<typeof httpProvider>;
export type ProcessProvider = z.output<typeof processProvider>;
export type Provider = HttpProvider | ProcessProvider;

const provider = chosen<Provider>((value) => {
  const type = isRecord(value) ? value.type : undefined;
  if (type === 'http') return httpProvider;
  if (type === 'process') return processProvider;
  if (type === 'python') return refused(refusePython);
  return fields({ type: z.enum(['http', 'process', 'python']) }) as unknown as z.ZodType<Provider>;
});

const refusePython = (value: unknown): string => {
  const { module = '?', func = '?' } = value as { module?: unknown; func?: unknown };
  return refusalOfPython(String(module), String(func));
};

const activityShape = {
  type: z.enum(['probe', 'action']),
  name: nonEmpty,
  provider,
  background: z.boolean().optional(),
  pauses: fields({ before: numberOrName.nullish(), after: numberOrName.nullish() }).nullish(),
  controls: z.unknown().optional(),
  /** Chaos Toolkit reads it in the hypothesis alone. */
  tolerance: z.unknown().optional(),
  timeout: z.number().nullish(),
  dry: z.enum(['probes', 'actions', 'activities', 'pause']).nullish(),
};

/** Something that is done or asked. */
export const activity = fields(activityShape);
export type Activity = z.output<typeof activity>;

const toleranceProbe = fields({
  ...activityShape,
  type: z.literal('probe'),
  provider: chosen<Provider>((value) =>
    isRecord(value) && (Array.isArray(value.arguments) || typeof value.arguments === 'string')
      ? refused(() => 'the arguments of a tolerance must be an object: the value is put into it as `value`')
      : provider,
  ),
});
export type ToleranceProbe = z.output<typeof toleranceProbe>;

const target = z.string().optional();
const toleranceObjects = {
  regex: fields({
    type: z.literal('regex'),
    pattern: readable((pattern) => hasNames(pattern) || compilePythonRegex(pattern)),
    target,
  }),
  jsonpath: fields({
    type: z.literal('jsonpath'),
    path: readable((path) => hasNames(path) || parseJsonPath(path)),
    target,
    count: z.int().optional(),
    expect: z.unknown().optional(),
  }),
  range: fields({ type: z.literal('range'), range: z.tuple([z.number(), z.number()]), target }),
  probe: toleranceProbe,
};

export type ToleranceObject = z.output<(typeof toleranceObjects)[keyof typeof toleranceObjects]>;
export type Tolerance = boolean | string | number | unknown[] | ToleranceObject;

/** What a probe must give for the steady state to be met. */
export const tolerance = chosen<Tolerance>((value) => {
  if (typeof value === 'boolean') return z.boolean();
  if (typeof value === 'string') return z.string();
  if (typeof value === 'number')
    return z.int('must be a whole number; write {type: range, range: [LOW, HIGH]} for others');
  if (Array.isArray(value)) return z.array(z.unknown());
  if (value === undefined || !isRecord(value))
    return refused(() => 'is missing; a probe of the hypothesis needs a tolerance');
  const type = value.type as keyof typeof toleranceObjects;
  if (!Object.hasOwn(toleranceObjects, type))
    return fields({
      type: z.enum(['regex', 'jsonpath', 'range', 'probe']),
    }) as unknown as z.ZodType<Tolerance>;
  return toleranceObjects[type] as z.ZodType<Tolerance>;
});

/** An activity that stands elsewhere in the experiment. */
export interface Reference {
  ref: string;
  background?: boolean | undefined;
  tolerance?: unknown;
  name?: unknown;
}

/** An activity, or a reference to one of `names`. */
export const activityOrReference = (names: readonly string[]) =>
  chosen<Activity | Reference>((value) =>
    isRecord(value) && value.ref !== undefined && value.ref !== null ? reference(names) : activity,
  );

const reference = (names: readonly string[]) =>
  fields({
    ref: refTo(names),
    background: z.boolean().optional(),
    tolerance: z.unknown().optional(),
    name: z.unknown().optional(),
  });

const refTo = (names: readonly string[]) =>
  nonEmpty.refine((name) => names.includes(name), {
    error: ({ input }) => `no activity of the method or the hypothesis is called "${input}"`,
  });

/** A probe of the hypothesis: an activity or a reference, with its tolerance. */
export const hypothesisProbe = (names: readonly string[]) =>
  chosen<(Activity | Reference) & { tolerance: Tolerance }>((value) =>
    isRecord(value) && value.ref !== undefined && value.ref !== null
      ? fields({ ref: refTo(names), background: z.boolean().optional(), tolerance })
      : fields({ ...activityShape, tolerance }),
  );
