import { z } from 'zod';

const sample = z.tuple([z.number(), z.string()]);
const answerSchema = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
  ]),
});

/** What takes longer is no answer: the next look asks again. */
const answerMs = 5000;

/** How a Prometheus is asked for one number: the first sample of its answer, undefined when there is none. */
export function prometheusNumber(
  url: string,
  fetcher: typeof fetch,
): (promql: string, signal: AbortSignal) => Promise<number | undefined> {
  return async (promql, signal) => {
    const response = await fetcher(
      `${url.replace(/\/$/, '')}/api/v1/query?${new URLSearchParams({ query: promql })}`,
      {
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
      },
    );
    const body: unknown = await response.json();
    if (!response.ok) throw new Error((body as { error?: string }).error ?? `HTTP ${response.status}`);
    const { data } = answerSchema.parse(body);
    const value = data.resultType === 'scalar' ? data.result[1] : data.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  };
}
