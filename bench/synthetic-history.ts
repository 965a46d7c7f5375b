import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { measuredFamilies } from '../alerts/measured-families.ts';
import { sloErrors, sloEvents } from '../alerts/slo-burn.ts';
import { metrics } from '../exporters/catalogue.ts';
import { runChecker } from '../kit/checker.ts';
import type { SyntheticSeries } from './synthetic-plant.ts';

/** How far back a series is known, and at which step, in seconds. */
interface Past {
  readonly seconds: number;
  readonly step: number;
}

const hour = 3600;
const day = 24 * hour;
/** Prometheus keeps about so much in its head, and older things in blocks. */
const inHeadSeconds = 3500;

/** Every window of up to a quarter of an hour is full. */
const usual: Past = { seconds: 1000, step: 5 };
/** The same for the longer windows; for those of a week only one reading an hour is looked at, so 30 s are as good as 5. */
const longer: readonly (readonly [string, Past])[] = [
  [metrics.queueAcked.name, { seconds: inHeadSeconds, step: 5 }],
  [metrics.up.name, { seconds: inHeadSeconds, step: 5 }],
  [metrics.dbUp.name, { seconds: inHeadSeconds, step: 5 }],
  [metrics.queueUp.name, { seconds: inHeadSeconds, step: 5 }],
  [measuredFamilies.record, { seconds: inHeadSeconds, step: 60 }],
  [metrics.workOrderTransitions.name, { seconds: 4 * hour, step: 5 }],
  [metrics.queueGroupMembers.name, { seconds: day, step: 5 }],
  [metrics.goodItems.name, { seconds: 7 * day, step: 30 }],
  [metrics.plannedBusySeconds.name, { seconds: 7 * day, step: 30 }],
  [metrics.plannedRunTimePerItem.name, { seconds: 7 * day, step: 30 }],
  [sloEvents, { seconds: 6 * hour, step: 5 }],
  [sloErrors, { seconds: 6 * hour, step: 5 }],
  [sloEvents.replace('1m', '1h'), { seconds: 3 * day, step: 60 }],
  [sloErrors.replace('1m', '1h'), { seconds: 3 * day, step: 60 }],
];

/** What the recording rules would have recorded of the long windows. */
const recorded: readonly SyntheticSeries[] = [
  ...['operations-succeed', 'operations-are-quick'].flatMap((slo) => [
    ...[sloEvents, sloEvents.replace('1m', '1h')].map((record) => ({
      selector: `${record}{target="mes",slo="${slo}"}`,
      at: () => 40,
    })),
    ...[sloErrors, sloErrors.replace('1m', '1h')].map((record) => ({
      selector: `${record}{target="mes",slo="${slo}"}`,
      at: (second: number) => (second % 60) / 300,
    })),
  ]),
  ...['operations', 'waiting times', 'work orders', 'devices', 'queues', 'locks'].map((family) => ({
    selector: `${measuredFamilies.record}{target="mes",family="${family}"}`,
    at: () => 20,
  })),
];

const withLabels = (scraped: readonly SyntheticSeries[], labels: string): SyntheticSeries[] => [
  ...scraped.map(({ selector, at }) => ({ selector: selector.replace('{', `{${labels},`), at })),
  ...recorded,
];

/** The latest hour as one scrape with timestamps, for the head of a Prometheus that has just started. */
export function recentHistory(scraped: readonly SyntheticSeries[], labels: string, until: number): string {
  const text: string[] = [];
  for (const { selector, at } of withLabels(scraped, labels)) {
    const { seconds, step } = pastOf(selector);
    for (const second of moments(until - Math.min(seconds, inHeadSeconds), until, step))
      text.push(`${selector} ${at(second)} ${second}000\n`);
  }
  return text.join('');
}

/** Writes what is older than that as a block into the data folder of a Prometheus that has not started yet. */
export async function writeOldHistory(
  scraped: readonly SyntheticSeries[],
  { dataDir, file, labels, until }: { dataDir: string; file: string; labels: string; until: number },
): Promise<void> {
  await pipeline(Readable.from(oldLines(withLabels(scraped, labels), until)), createWriteStream(file));
  // One block for all: else the file would be read once for every two hours.
  const args = ['tsdb', 'create-blocks-from', '--max-block-duration=720h', 'openmetrics', file, dataDir];
  const { ok, output } = await runChecker('promtool', args);
  if (!ok) throw new Error(`promtool could not write the past: ${output}`);
}

function* oldLines(series: readonly SyntheticSeries[], until: number): Generator<string> {
  for (const { selector, at } of series) {
    const { seconds, step } = pastOf(selector);
    let text = '';
    for (const second of moments(until - seconds, until - inHeadSeconds - step, step))
      text += `${selector} ${at(second)} ${second}\n`;
    yield text;
  }
  yield '# EOF\n';
}

function* moments(from: number, to: number, step: number): Generator<number> {
  for (let second = from; second <= to; second += step) yield second;
}

const pastOf = (selector: string): Past =>
  longer.find(([name]) => selector.startsWith(`${name}{`))?.[1] ?? usual;
