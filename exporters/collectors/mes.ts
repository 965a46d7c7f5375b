import { messageOf } from '../../kit/errors.ts';
import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, listed } from '../exporter-setup.ts';
import { type MesStats, mesStats } from '../mes-stats.ts';
import { type Sample, sample } from '../sample.ts';

/** Whether an MES answers, and what it counts itself: operations, their waiting times, its connection pool. */
export const mes: CollectorKind = ({ config, targets, fetch }) =>
  listed(config.mes, targets, 'mes').map(([target, { url }]) => mesCollector(target, url, fetch));

function mesCollector(target: string, url: string, fetchFrom: typeof fetch): Collector {
  const up = (value: number) => sample(metrics.up, { target }, value);
  const get = async (path: string, signal: AbortSignal) => {
    const response = await fetchFrom(`${url.replace(/\/$/, '')}${path}`, { signal });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response;
  };
  return {
    name: 'mes',
    target,
    timeoutMs: collectorTimeoutMs,
    whenSilent: [up(0)],
    async collect({ signal }): Promise<Collected> {
      const [health, stats] = await Promise.allSettled([
        get('/-/healthy', signal).then((response) => response.body?.cancel()),
        get('/-/stats', signal).then(async (response) => mesStats.parse(await response.json())),
      ]);
      const samples = [up(health.status === 'fulfilled' ? 1 : 0)];
      if (stats.status === 'fulfilled') samples.push(...statsSamples(target, stats.value));
      const failures = [health, stats].flatMap((part) => (part.status === 'rejected' ? [part.reason] : []));
      return failures.length === 0 ? { samples } : { samples, failure: new Error(messageOf(failures[0])) };
    },
    [Symbol.dispose]: () => {},
  };
}

const statsSamples = (target: string, { operations, pool }: MesStats): Sample[] => [
  ...Object.entries(operations).flatMap(([operation, { total, failed, wait }]) => [
    sample(metrics.operations, { target, operation }, total),
    sample(metrics.operationsFailed, { target, operation }, failed),
    sample(metrics.operationWait, { target, operation }, { ...wait, buckets: finite(wait.buckets) }),
  ]),
  sample(metrics.dbPoolWaiting, { target }, pool.waiting),
];

type Buckets = MesStats['operations'][string]['wait']['buckets'];

const finite = (buckets: Buckets) =>
  buckets.flatMap(({ le, count }) => (typeof le === 'number' ? [{ le, count }] : []));
