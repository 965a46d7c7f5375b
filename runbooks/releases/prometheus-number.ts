import { askPrometheus } from '../conditions/promql.ts';

/** What takes longer is no answer: the next look asks again. */
const answerMs = 5000;

/** How a Prometheus is asked for one number: the first sample of its answer, undefined when there is none. */
export function prometheusNumber(
  url: string,
  fetcher: typeof fetch,
): (promql: string, signal: AbortSignal) => Promise<number | undefined> {
  return async (promql, signal) => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const [first] = await askPrometheus(promql, { prometheus: url, fetch: fetcher }, limited);
    return first;
  };
}
