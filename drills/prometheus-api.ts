import { z } from 'zod';
import { messageOf, UnavailableError } from '../kit/errors.ts';

const sample = z.tuple([z.number(), z.string()]);
const vectorSchema = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })),
    }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
  ]),
});
const matrixSchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample) })),
  }),
});
const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        state: z.enum(['pending', 'firing']),
        activeAt: z.string(),
      }),
    ),
  }),
});
const rulesSchema = z.object({
  data: z.object({
    groups: z.array(z.object({ rules: z.array(z.object({ name: z.string(), type: z.string() })) })),
  }),
});

export interface ActiveAlert {
  labels: Record<string, string>;
  state: 'pending' | 'firing';
  /** When its condition was first seen true, Unix milliseconds. */
  activeAt: number;
}

/** The questions a drill asks Prometheus. Every call has a limit of 5 s, so that a stuck one cannot stop the watch. */
export class PrometheusApi {
  readonly #url: string;
  readonly #fetch: typeof fetch;

  constructor(url: string, fetchImpl: typeof fetch) {
    this.#url = url.replace(/\/$/, '');
    this.#fetch = fetchImpl;
  }

  /** One number: the only (or first) sample of the answer; undefined when there is none. */
  async number(promql: string, signal?: AbortSignal): Promise<number | undefined> {
    const { data } = await this.#get('/api/v1/query', { query: promql }, vectorSchema, signal);
    const value = data.resultType === 'scalar' ? data.result[1] : data.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  }

  /** The first series of the answer as points of [Unix seconds, value]. */
  async range(
    promql: string,
    startMs: number,
    endMs: number,
    stepSeconds: number,
  ): Promise<[number, number][]> {
    const query = {
      query: promql,
      start: String(startMs / 1000),
      end: String(endMs / 1000),
      step: String(stepSeconds),
    };
    const { data } = await this.#get('/api/v1/query_range', query, matrixSchema);
    const points = (data.result[0]?.values ?? []).map(([at, value]): [number, number] => [at, Number(value)]);
    return points.filter(([, value]) => Number.isFinite(value));
  }

  async alerts(signal?: AbortSignal): Promise<ActiveAlert[]> {
    const { data } = await this.#get('/api/v1/alerts', {}, alertsSchema, signal);
    return data.alerts.map((alert) => ({ ...alert, activeAt: Date.parse(alert.activeAt) }));
  }

  /** The names of the alert rules that are loaded. */
  async alertRules(): Promise<Set<string>> {
    const { data } = await this.#get('/api/v1/rules', { type: 'alert' }, rulesSchema);
    return new Set(data.groups.flatMap((group) => group.rules.map((rule) => rule.name)));
  }

  async #get<S extends z.ZodType>(
    path: string,
    query: Record<string, string>,
    schema: S,
    signal?: AbortSignal,
  ): Promise<z.output<S>> {
    const limit = AbortSignal.timeout(5000);
    try {
      const response = await this.#fetch(`${this.#url}${path}?${new URLSearchParams(query)}`, {
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      const body: unknown = await response.json();
      if (!response.ok) throw new Error((body as { error?: string }).error ?? `HTTP ${response.status}`);
      return schema.parse(body);
    } catch (error) {
      signal?.throwIfAborted();
      throw new UnavailableError(
        'prometheus.unreachable',
        `Prometheus at ${this.#url}: ${messageOf(error)}`,
        {
          mend: 'Start it, or mend prometheus.url in andon.yaml.',
          cause: error,
        },
      );
    }
  }
}
