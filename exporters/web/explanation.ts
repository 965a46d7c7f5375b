import type { Step } from '../collector.ts';
import type { CollectorResult } from '../collector-run.ts';

export interface ScrapeAccount {
  readonly results: readonly CollectorResult[];
  /** The header with the time that Prometheus waits, in seconds. */
  readonly announced: string | undefined;
  readonly limitMs: number;
  readonly usedMs: number;
}

/** One scrape told to a person: how long it could take, what each collector did and how it ended. The samples follow it. */
export function explanation({ results, announced, limitMs, usedMs }: ScrapeAccount): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const why =
    announced === undefined
      ? 'no X-Prometheus-Scrape-Timeout-Seconds was sent'
      : `X-Prometheus-Scrape-Timeout-Seconds: ${oneLine(announced)}, less 500 ms for the way back`;
  return [
    `${results.length} collectors, ${failed} failed`,
    `deadline: ${limitMs} ms (${why}); used: ${rounded(usedMs)}`,
    '',
    ...results.flatMap(collectorLines),
    'samples:',
    '',
  ].join('\n');
}

function collectorLines({ collector, target, ms, failure, steps, samples }: CollectorResult): string[] {
  const ending = failure === undefined ? 'succeeded' : 'FAILED';
  return [
    `${collector} of ${target}: ${ending} in ${rounded(ms)}, ${samples.length} series`,
    ...(failure === undefined ? [] : [`  failure: ${oneLine(failure)}`]),
    ...(steps.length === 0 ? ['  no step was finished'] : steps.map(stepLine)),
    '',
  ];
}

const stepLine = ({ what, ms, error }: Step): string =>
  `  ${rounded(ms).padStart(9)}  ${oneLine(what)}${error === undefined ? '' : `  FAILED: ${oneLine(error)}`}`;

const rounded = (ms: number): string => `${Math.round(ms)} ms`;

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
