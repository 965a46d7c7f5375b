import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { percentile } from '../loadtests/summary.ts';
import type { Measurement } from './table.ts';

interface Found {
  times: Record<'text' | 'promClientText' | 'scrape' | 'promClientScrape', number[]>;
  blocks: number[];
  grownMiB: number;
}

/** A scrape of 100,000 device series beside prom-client with the very same series, in turn in one process. */
export async function measureExposition(): Promise<Measurement[]> {
  const worker = fileURLToPath(new URL('./exposition-worker.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', worker]);
  const { times, blocks, grownMiB } = JSON.parse(stdout) as Found;
  const series = (what: string) => `100,000 series: ${what}`;
  const [text, theirText] = [median(times.text), median(times.promClientText)];
  const [scrape, theirScrape] = [median(times.scrape), median(times.promClientScrape)];
  return [
    { what: series('text of known values'), value: text, unit: 'ms' },
    { what: series('prom-client registry.metrics()'), value: theirText, unit: 'ms' },
    { what: series('text : prom-client'), value: text / theirText, unit: 'ratio', target: 0.2 },
    { what: series('whole scrape, values collected anew'), value: scrape, unit: 'ms' },
    { what: series('prom-client, reset, set and metrics()'), value: theirScrape, unit: 'ms' },
    { what: series('whole scrape : prom-client'), value: scrape / theirScrape, unit: 'ratio', target: 0.2 },
    { what: series('longest turn of a scrape, median'), value: median(blocks), unit: 'ms', target: 10 },
    { what: series('longest turn of all scrapes'), value: Math.max(...blocks), unit: 'ms' },
    { what: series('heap grown over 1,000 scrapes'), value: grownMiB, unit: 'MiB', target: 20 },
  ];
}

const median = (values: number[]): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    50,
  ) ?? 0;
