import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { TargetCheck } from '../config-problems.ts';
import { metricsByName, stateMetricOf } from './mappable.ts';
import { metricProblems } from './metric-problems.ts';
import { expressionProblem } from './rows-expression.ts';
import type { Mapping } from './schema.ts';

type Path = readonly PropertyKey[];

/** The collectors that are no mapping's: one of the same name would be taken for them, by alerts too. */
const takenNames = [
  'mes',
  'locks',
  'connections',
  'replication',
  'size',
  'queues',
  'canary',
  'consistency',
  'device_push',
  'sparkplug',
  'host',
];

/** Everything that can be found wrong in a mapping before anything is asked. */
export function mappingProblems(mapping: Mapping, checkTarget: TargetCheck): ExtraProblem[] {
  const parts = partsOf(mapping);
  return [
    ...parts.flatMap(({ path, spec }) =>
      spec.metrics.flatMap((metric, index) => metricProblems(metric, mapping, [...path, 'metrics', index])),
    ),
    ...nameProblems(parts),
    ...sameSeriesProblems(parts),
    ...mapping.queries.flatMap(({ target }, index) =>
      target === undefined ? [] : checkTarget(['queries', index, 'target'], target, ['postgres', 'mysql']),
    ),
    ...mapping.endpoints.flatMap(({ rows }, index) => {
      const message = expressionProblem(rows);
      return message === undefined ? [] : [{ path: ['endpoints', index, 'rows'], message }];
    }),
  ];
}

interface Part {
  path: Path;
  spec: Mapping['queries'][number] | Mapping['endpoints'][number];
}

const partsOf = ({ queries, endpoints }: Mapping): Part[] => [
  ...queries.map((spec, index) => ({ path: ['queries', index], spec })),
  ...endpoints.map((spec, index) => ({ path: ['endpoints', index], spec })),
];

function nameProblems(parts: readonly Part[]): ExtraProblem[] {
  const names = parts.map(({ spec }) => spec.name);
  return parts.flatMap(({ path, spec: { name } }, index) => {
    const at = [...path, 'name'];
    if (takenNames.includes(name))
      return [{ path: at, message: `"${name}" is the name of a collector of Andon's own` }];
    if (names.indexOf(name) < index)
      return [{ path: at, message: `another query or endpoint is called "${name}"` }];
    return [];
  });
}

/** The same metric twice is fine where something fixed tells the two apart, or where columns may. */
function sameSeriesProblems(parts: readonly Part[]): ExtraProblem[] {
  const known = new Set<string>();
  return parts.flatMap(({ path, spec }) =>
    spec.metrics.flatMap(({ metric, labels, fixed }, index) => {
      const states = stateLabelsOf(metric);
      if (Object.keys(labels).some((label) => !states.includes(label))) return [];
      const identity = JSON.stringify([metric, Object.entries(fixed).toSorted()]);
      if (!known.has(identity)) {
        known.add(identity);
        return [];
      }
      const message = `${metric} is mapped twice with nothing to tell the series apart`;
      return [{ path: [...path, 'metrics', index, 'metric'], message }];
    }),
  );
}

function stateLabelsOf(name: string): readonly string[] {
  const metric = metricsByName.get(name);
  return metric === undefined ? [] : (stateMetricOf(metric)?.labels ?? []);
}
