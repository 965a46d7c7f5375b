import { isError, type RequestRecord } from './request-record.ts';

/** A part of a run with its own numbers. Times are ISO 8601. */
export interface StageSpan {
  name: string;
  startedAt: string;
  finishedAt: string;
}

export interface LoadFigures {
  requests: number;
  ratePerSecond: number;
  /** The share that got no answer or no success, 0 to 1. */
  errorRate: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

export interface LoadSummary extends LoadFigures {
  /** The most users that were at work at once. */
  users: number;
  byStage: (LoadFigures & { stage: string })[];
}

/** The report's `load`: percentiles by nearest rank over every single request. Null when there was no request. */
export function summarizeLoad(
  requests: readonly RequestRecord[],
  stages: readonly StageSpan[],
): LoadSummary | null {
  if (requests.length === 0) return null;
  const sent = requests.map((request) => Date.parse(request.at));
  const span = {
    fromMs: sent.reduce((a, b) => Math.min(a, b)),
    toMs: requests.reduce((latest, { ms }, index) => Math.max(latest, (sent[index] ?? 0) + ms), 0),
  };
  return {
    users: requests.reduce((most, { users }) => Math.max(most, users), 0),
    ...figures(requests, span.toMs - span.fromMs),
    byStage: stages.map(({ name, startedAt, finishedAt }) => {
      const fromMs = Date.parse(startedAt);
      const toMs = Date.parse(finishedAt);
      const inStage = requests.filter(
        (_, index) => (sent[index] ?? 0) >= fromMs && (sent[index] ?? 0) < toMs,
      );
      // The load may have begun or ended within the stage: only that part of it counts for the rate.
      const shared = Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs);
      return { stage: name, ...figures(inStage, shared) };
    }),
  };
}

function figures(requests: readonly RequestRecord[], overMs: number): LoadFigures {
  const sorted = requests.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return {
    requests: requests.length,
    ratePerSecond: requests.length === 0 ? 0 : round((requests.length * 1000) / Math.max(overMs, 1), 2),
    errorRate: requests.length === 0 ? 0 : requests.filter(isError).length / requests.length,
    p50Ms: percentile(sorted, 50),
    p95Ms: percentile(sorted, 95),
    p99Ms: percentile(sorted, 99),
  };
}

/** Nearest rank: the smallest value that `rank` percent of all are not above. Null of nothing. */
export function percentile(sorted: readonly number[], rank: number): number | null {
  return sorted[Math.max(0, Math.ceil((rank / 100) * sorted.length) - 1)] ?? null;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export interface LoadSeries {
  name: string;
  unit: string;
  /** Unix seconds and the value. */
  points: [number, number][];
}

/** Response time, rate, errors and users over time, one point for each `bucketMs` in which there was a request. */
export function loadSeries(requests: readonly RequestRecord[], bucketMs = 2000): LoadSeries[] {
  const buckets = [
    ...Map.groupBy(requests, ({ at }) => Math.floor(Date.parse(at) / bucketMs) * bucketMs),
  ].toSorted(([a], [b]) => a - b);
  const series = (name: string, unit: string, value: (records: readonly RequestRecord[]) => number) => ({
    name,
    unit,
    points: buckets.map(([at, records]): [number, number] => [at / 1000, round(value(records), 3)]),
  });
  return [
    series('load: response time, p95', 'ms', (records) => figures(records, bucketMs).p95Ms ?? 0),
    series('load: requests', '1/s', (records) => (records.length * 1000) / bucketMs),
    series('load: failed requests', 'ratio', (records) => figures(records, bucketMs).errorRate),
    series('load: users at work', 'users', (records) => Math.max(...records.map(({ users }) => users))),
  ];
}
