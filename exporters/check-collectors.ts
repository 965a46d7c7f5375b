import { systemClock } from '../kit/clock.ts';
import type { CollectorResult } from './collector-run.ts';
import { createCollectors } from './collectors/registry.ts';
import { DatabaseSessions } from './databases/sessions.ts';
import type { Sample } from './sample.ts';
import { Scraper, scrapeLimitMs } from './scrape.ts';
import type { ExporterOptions } from './server.ts';
import { redactionOf } from './web/redaction.ts';

/** What one collector would publish now, without what it says about itself. */
export interface CheckedCollector {
  collector: string;
  target: string;
  /** Why it failed, without secrets; undefined when it did not. */
  reason: string | undefined;
  ms: number;
  samples: readonly Sample[];
}

/**
 * Runs the collectors of andon.yaml once, all beside each other and within the time of one scrape, and serves nothing. With words
 * only those whose name or target is one of them. `unknown` is a word that is neither.
 */
export async function checkCollectors(
  options: ExporterOptions,
  words: readonly string[],
  unknown: (word: string, known: readonly string[]) => Error,
): Promise<CheckedCollector[]> {
  const { config, targets, version, log, clock = systemClock } = options;
  using opened = new DisposableStack();
  const sessions = opened.use(new DatabaseSessions());
  const setup = { config, targets, sessions, fetch: options.fetch ?? fetch, clock, log };
  const collectors = createCollectors(setup);
  const scraper = opened.use(
    new Scraper({ collectors, version, seriesLimit: config.series_limit, clock, log }),
  );
  const known = new Set(collectors.flatMap(({ name, target }) => [name, target]));
  for (const word of words) if (!known.has(word)) throw unknown(word, [...known]);
  const results = await scraper.scrape(
    scrapeLimitMs(undefined),
    ({ name, target }) => words.length === 0 || words.includes(name) || words.includes(target),
  );
  const redact = redactionOf({ targets, config });
  return results.map((result) => checked(result, redact));
}

function checked(
  { collector, target, failure, ms, samples }: CollectorResult,
  redact: (text: string) => string,
): CheckedCollector {
  const found = samples.filter(({ series }) => !series.metric.name.startsWith('mes_exporter_'));
  return {
    collector,
    target,
    reason: failure === undefined ? undefined : redact(failure),
    ms: Math.round(ms),
    samples: found,
  };
}
