import { closest } from '../../kit/spelling.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import { isJobOrderState } from '../job-order-state.ts';
import type { Metric } from '../metric.ts';
import { mappedLabels, metricsByName, stateMetricOf, whyNotMappable } from './mappable.ts';
import type { MappedMetricSpec, Mapping } from './schema.ts';

type Path = readonly PropertyKey[];

/** What is wrong with one metric of a mapping, held against the catalogue. */
export function metricProblems(
  spec: MappedMetricSpec,
  { check, states }: Mapping,
  path: Path,
): ExtraProblem[] {
  const metric = metricsByName.get(spec.metric);
  const at = [...path, 'metric'];
  if (metric === undefined) {
    const near = closest(spec.metric, [...metricsByName.keys()]);
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    return [{ path: at, message: `the catalogue has no metric "${spec.metric}"${hint}` }];
  }
  const why = whyNotMappable(metric, check);
  if (why !== undefined) return [{ path: at, message: `${metric.name} ${why}` }];
  return [
    ...labelProblems(spec, metric, path),
    ...fixedStateProblems(spec, metric, states, path),
    ...valueProblems(spec, metric, path),
  ];
}

function labelProblems({ labels, fixed }: MappedMetricSpec, metric: Metric, path: Path): ExtraProblem[] {
  const known = mappedLabels(metric);
  const given = [
    ...Object.keys(labels).map((label) => ({ label, path: [...path, 'labels', label] })),
    ...Object.keys(fixed).map((label) => ({ label, path: [...path, 'fixed', label] })),
  ];
  const unknown = given.flatMap((one) => {
    if (one.label === 'target') return [{ path: one.path, message: 'target is always the name of the MES' }];
    return known.includes(one.label) ? [] : [{ path: one.path, message: unknownLabel(metric, one.label) }];
  });
  const missing = known
    .filter((label) => !given.some((one) => one.label === label))
    .map(
      (label) =>
        `${metric.name} needs the label ${label}: its column under labels:, or its text under fixed:`,
    );
  const twice = Object.keys(fixed)
    .filter((label) => label in labels)
    .map((label) => ({ path: [...path, 'fixed', label], message: `${label} stands under labels: as well` }));
  return [...unknown, ...missing.map((message) => ({ path, message })), ...twice];
}

function unknownLabel(metric: Metric, label: string): string {
  const known = mappedLabels(metric);
  const near = closest(label, known);
  const has = known.length === 0 ? 'none' : known.join(', ');
  return `${metric.name} has no label "${label}"; ${near === undefined ? `it has ${has}` : `did you mean "${near}"?`}`;
}

function fixedStateProblems(
  { fixed }: MappedMetricSpec,
  metric: Metric,
  states: Mapping['states'],
  path: Path,
): ExtraProblem[] {
  const labels = stateMetricOf(metric)?.labels ?? [];
  return labels.flatMap((label) => {
    const word = fixed[label];
    if (word === undefined || isJobOrderState(word) || word in states) return [];
    const message = `"${word}" is no job-order state of ISA-95, and states: does not name one for it`;
    return [{ path: [...path, 'fixed', label], message }];
  });
}

function valueProblems(spec: MappedMetricSpec, metric: Metric, path: Path): ExtraProblem[] {
  const parts = ['buckets', 'sum', 'count'] as const;
  if (metric.type === 'histogram') {
    const missing = parts.filter((part) => spec[part] === undefined);
    if (spec.value !== undefined || missing.length > 0)
      return [{ path, message: `${metric.name} is a histogram: give buckets:, sum: and count:, no value:` }];
    return typeof spec.buckets === 'object' ? boundProblems(spec.buckets, [...path, 'buckets']) : [];
  }
  if (spec.value === undefined || parts.some((part) => spec[part] !== undefined))
    return [{ path, message: `${metric.name} is a ${metric.type}: give value: and nothing else` }];
  if (typeof spec.value === 'number' && spec.value < 0 && metric.type === 'counter')
    return [{ path: [...path, 'value'], message: `${metric.name} is a counter, which is never negative` }];
  return [];
}

function boundProblems(buckets: Readonly<Record<string, string>>, path: Path): ExtraProblem[] {
  const isBound = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
  return Object.keys(buckets)
    .filter((bound) => !isBound(bound))
    .map((bound) => ({
      path: [...path, bound],
      message: `"${bound}" is no upper bound; +Inf comes from count:`,
    }));
}
