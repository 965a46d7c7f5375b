import { UsageError } from '../../kit/errors.ts';
import { metrics } from '../catalogue.ts';
import { type Collector, collectorTimeoutMs } from '../collector.ts';
import type { StateLimits } from '../config.ts';
import { type CollectorKind, type ExporterSetup, targetsOfKind } from '../exporter-setup.ts';
import { jobOrderStates } from '../job-order-state.ts';
import { endpointCollector } from '../mapping/endpoint-collector.ts';
import { MesHttp } from '../mapping/mes-http.ts';
import { queryCollector } from '../mapping/query-collector.ts';
import { mappingOf } from '../mapping/read-mapping.ts';
import { type Sample, sample } from '../sample.ts';

const usualCheck = '/-/healthy';

/** Each MES by its mapping: a collector for whether it answers, and one for each query and each endpoint. */
export const mes: CollectorKind = (setup) => {
  const collectors = targetsOfKind(setup.targets, 'mes').flatMap(([name, { url, database }]) => {
    const mapping = mappingOf(setup.config, name, setup.targets);
    const http = new MesHttp(url, setup.config.mappings[name]?.headers ?? {}, setup);
    const owner = { name, states: mapping.states, seriesLimit: setup.config.series_limit };
    return [
      checkCollector(name, mapping.check ?? usualCheck, http, setup),
      ...mapping.endpoints.map((endpoint) => endpointCollector(endpoint, http, owner)),
      ...mapping.queries.map((query) => queryCollector(query, query.target ?? database, owner, setup)),
    ];
  });
  refuseSameNames(collectors);
  return collectors;
};

/** Two MES on one database must not have a collector of one name there: nobody could tell the two apart. */
function refuseSameNames(collectors: readonly Collector[]): void {
  const known = new Set<string>();
  for (const { name, target } of collectors) {
    const identity = JSON.stringify([name, target]);
    if (known.has(identity))
      throw new UsageError('mapping.same-name', `two MES have a query "${name}" of ${target}`, {
        mend: 'Give one of the two MES a mapping of its own under exporter: mappings: in andon.yaml.',
      });
    known.add(identity);
  }
}

/** Whether the MES answers. The limits of its work orders stand here, because they hold whoever counts those. */
function checkCollector(target: string, check: string, http: MesHttp, { config }: ExporterSetup): Collector {
  const limits = stateLimits(target, config.state_limits);
  const up = (value: number): Sample[] => [sample(metrics.up, { target }, value), ...limits];
  const isAsked = check !== 'none';
  return {
    name: 'mes',
    target,
    timeoutMs: collectorTimeoutMs,
    whenSilent: isAsked ? up(0) : limits,
    async collect(run) {
      if (!isAsked) return { samples: limits };
      await run.step(`GET ${check}`, () => http.check(check, run.signal));
      return { samples: up(1) };
    },
    [Symbol.dispose]: () => {},
  };
}

const stateLimits = (target: string, limits: StateLimits): Sample[] =>
  jobOrderStates.flatMap((state) => {
    const limitMs = limits[state];
    return limitMs === undefined
      ? []
      : [sample(metrics.workOrderStateLimit, { target, state }, limitMs / 1000)];
  });
