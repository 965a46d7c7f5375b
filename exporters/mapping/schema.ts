import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { jobOrderStates } from '../job-order-state.ts';

const column = z.string().min(1, 'must be the name of a column');
const path = z.string().regex(/^\/\S*$/, 'must be a path that begins with /');
const name = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'must be lower case words joined by underscores, as in work_orders');
const timeout = duration.prefault('3s');

const isBuckets = (value: unknown): boolean =>
  typeof value === 'string' ||
  (typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((text) => typeof text === 'string'));

/** One metric of the catalogue, and which columns it is made of. */
const mappedMetric = z.strictObject({
  metric: z.string(),
  /** The column of a counter's or a gauge's value; a number stands for itself in every row. */
  value: z
    .custom<string | number>(
      (value) => typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)),
      'must be the name of a column or a number',
    )
    .optional(),
  /** Of a histogram: a column with a list of {le, count}, or for each upper bound its column. Counts are cumulative. */
  buckets: z
    .custom<string | Readonly<Record<string, string>>>(
      isBuckets,
      'must be the name of a column, or upper bounds with the name of a column each',
    )
    .optional(),
  sum: column.optional(),
  count: column.optional(),
  /** Labels whose text stands in a column. */
  labels: z.record(z.string(), column).default({}),
  /** Labels with the same text in every row. */
  fixed: z.record(z.string(), z.string()).default({}),
});

const metricsOfRows = z.array(mappedMetric).min(1);

const query = z.strictObject({
  name,
  /** Another database target than that of the MES. */
  target: z.string().optional(),
  /** One statement. It runs in a transaction that only reads. */
  sql: z.string().min(1),
  timeout,
  metrics: metricsOfRows,
});

const endpoint = z.strictObject({
  name,
  path,
  /** JSONata: makes of the answer a list of objects, whose keys are the columns. */
  rows: z.string().min(1).default('$'),
  timeout,
  metrics: metricsOfRows,
});

const shape = {
  /** The path of the MES that answers 200 when it is well; `none` when nothing can be asked. */
  check: z
    .string()
    .regex(/^(\/\S*|none)$/, 'must be a path that begins with /, or none')
    .optional(),
  /** The plant's own word for a work-order state → ISA-95's. */
  states: z.record(z.string(), z.enum(jobOrderStates)).default({}),
  queries: z.array(query).default([]),
  endpoints: z.array(endpoint).default([]),
};

/** How the canonical metrics are got from one MES. */
export const mappingSchema = z.strictObject(shape);
export type Mapping = z.output<typeof mappingSchema>;
export type MappedMetricSpec = z.output<typeof mappedMetric>;
export type QuerySpec = z.output<typeof query>;
export type EndpointSpec = z.output<typeof endpoint>;
export type StateNames = Mapping['states'];

/** `exporter.mappings:` in andon.yaml: a mapping that ships, a file with one, or the mapping itself. */
export const mappingSourceSchema = z.strictObject({
  use: z.string().optional(),
  /** Relative to andon.yaml. */
  file: z.string().min(1).optional(),
  /** Sent with every request to the MES, such as Authorization. */
  headers: z.record(z.string(), z.string()).default({}),
  ...shape,
});
export type MappingSource = z.output<typeof mappingSourceSchema>;

/** Whether the mapping itself stands there. */
export const isInline = ({ check, states, queries, endpoints }: MappingSource): boolean =>
  check !== undefined || queries.length > 0 || endpoints.length > 0 || Object.keys(states).length > 0;

/** The mapping of each MES target; one without gets that of the reference plant. */
export const mappingsSection = z.record(z.string(), mappingSourceSchema).default({});
