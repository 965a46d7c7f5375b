import { setImmediate } from 'node:timers/promises';
import type { Metric } from './metric.ts';
import type { HistogramValue, Sample, Series } from './sample.ts';

/** The content type of Prometheus' text format 0.0.4. */
export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** So many series are written before others get their turn: under 1 ms. */
const seriesAtATime = 1000;
/** So many are sorted by metric before others get their turn. */
const groupedAtATime = 5000;

/**
 * Samples as Prometheus' text format: sorted by metric, HELP and TYPE once each, series in the order given. It comes in pieces,
 * and between two of them the event loop is free: 100,000 series must not keep a health check or another scrape waiting.
 */
export async function* renderExposition(...parts: readonly (readonly Sample[])[]): AsyncGenerator<string> {
  const families = await familiesOf(parts);
  for (const name of [...families.keys()].toSorted()) yield* renderFamily(families.get(name) ?? []);
}

/** The whole text at once, for few series. */
export async function expositionText(...parts: readonly (readonly Sample[])[]): Promise<string> {
  let text = '';
  for await (const piece of renderExposition(...parts)) text += piece;
  return text;
}

async function familiesOf(parts: readonly (readonly Sample[])[]): Promise<Map<string, Sample[]>> {
  const families = new Map<string, Sample[]>();
  for (const part of parts) {
    for (let from = 0; from < part.length; from += groupedAtATime) {
      if (from > 0) await setImmediate();
      group(families, part, from, Math.min(part.length, from + groupedAtATime));
    }
  }
  return families;
}

function group(families: Map<string, Sample[]>, part: readonly Sample[], from: number, to: number): void {
  let family: Sample[] = [];
  let name: string | undefined;
  for (let index = from; index < to; index += 1) {
    const sample = part[index] as Sample;
    // Samples of one metric mostly follow each other.
    if (sample.series.metric.name !== name) {
      name = sample.series.metric.name;
      family = families.get(name) ?? [];
      families.set(name, family);
    }
    family.push(sample);
  }
}

async function* renderFamily(samples: readonly Sample[]): AsyncGenerator<string> {
  const first = samples[0];
  if (first === undefined) return;
  let text = header(first.series.metric);
  for (let from = 0; from < samples.length; from += seriesAtATime) {
    const to = Math.min(samples.length, from + seriesAtATime);
    for (let index = from; index < to; index += 1) text += renderSample(samples[index] as Sample);
    yield text;
    text = '';
    if (to < samples.length) await setImmediate();
  }
}

function header({ name, help, type }: Metric): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

const renderSample = ({ series, value }: Sample): string =>
  typeof value === 'number' ? `${series.prefix}${number(value)}\n` : renderHistogram(series, value);

function renderHistogram({ metric: { name }, labelText }: Series, value: HistogramValue): string {
  const comma = labelText === '' ? '' : `${labelText},`;
  const braces = labelText === '' ? '' : `{${labelText}}`;
  const bucket = (le: number, count: number) =>
    `${name}_bucket{${comma}le="${number(le)}"} ${number(count)}\n`;
  return [
    ...value.buckets.filter(({ le }) => Number.isFinite(le)).map(({ le, count }) => bucket(le, count)),
    bucket(Number.POSITIVE_INFINITY, value.count),
    `${name}_sum${braces} ${number(value.sum)}\n`,
    `${name}_count${braces} ${number(value.count)}\n`,
  ].join('');
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
