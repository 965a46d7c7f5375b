import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import type { StepWorld } from '../step.ts';

const sample = z.tuple([z.number(), z.string()]);
const answer = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
  ]),
});
const failure = z.object({ error: z.string() });

/** The values that Prometheus answers with now: one for each series, none where it knows nothing. */
export async function askPrometheus(
  promql: string,
  { prometheus, fetch }: Pick<StepWorld, 'prometheus' | 'fetch'>,
  signal: AbortSignal,
): Promise<number[]> {
  const base = prometheus.replace(/\/$/, '');
  try {
    const response = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: promql })}`, {
      signal,
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw new Error(failure.safeParse(body).data?.error ?? `HTTP ${response.status}`);
    const { data } = answer.parse(body);
    const samples = data.resultType === 'scalar' ? [data.result] : data.result.map(({ value }) => value);
    return samples.map(([, value]) => Number(value.replace(/Inf$/, 'Infinity')));
  } catch (error) {
    throw new Error(`Prometheus at ${new URL(base).host}: ${messageOf(error)}`, { cause: undefined });
  }
}
