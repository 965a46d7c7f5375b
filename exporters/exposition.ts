import type { Metric } from './metric.ts';
import type { HistogramValue, Sample } from './sample.ts';

/** The content type of Prometheus' text format 0.0.4. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Samples as Prometheus' text format: sorted by metric, HELP and TYPE once each, series in the order given. */
export function renderExposition(samples: Iterable<Sample>): string {
  const families = Map.groupBy(samples, ({ metric }) => metric.name);
  const names = [...families.keys()].toSorted();
  return names.map((name) => renderFamily(families.get(name) ?? [])).join('');
}

function renderFamily(samples: readonly Sample[]): string {
  const metric = samples[0]?.metric;
  return metric === undefined ? '' : `${header(metric)}${samples.map(renderSample).join('')}`;
}

function header({ name, help, type }: Metric): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

function renderSample({ metric, labels, value }: Sample): string {
  return typeof value === 'number'
    ? line(metric.name, labels, value)
    : renderHistogram(metric.name, labels, value);
}

function renderHistogram(name: string, labels: Sample['labels'], value: HistogramValue): string {
  const bucket = (le: number, count: number) => line(`${name}_bucket`, { ...labels, le: number(le) }, count);
  return [
    ...value.buckets.filter(({ le }) => Number.isFinite(le)).map(({ le, count }) => bucket(le, count)),
    bucket(Number.POSITIVE_INFINITY, value.count),
    line(`${name}_sum`, labels, value.sum),
    line(`${name}_count`, labels, value.count),
  ].join('');
}

function line(name: string, labels: Sample['labels'], value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${number(value)}\n`;
}

const escapeLabel = (text: string): string =>
  text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
