import type { Request, RequestHandler, Response } from 'express';
import type { Log } from '../../kit/log.ts';
import type { Targets } from '../../kit/targets.ts';
import type { Collector } from '../collector.ts';
import { expositionContentType, renderExposition } from '../exposition.ts';
import { type Scraper, scrapeLimitMs } from '../scrape.ts';
import { explanation } from './explanation.ts';
import type { Redaction } from './redaction.ts';
import { queryOf, type Selection, selectAtMetrics, selectProbe } from './selection.ts';
import { sendInPieces } from './send-in-pieces.ts';

/** What the routes serve from. */
export interface MetricsSource {
  readonly scraper: Scraper;
  readonly targets: Targets;
  /** The targets that stand at /metrics. What has no target of andon.yaml, such as the host, stands there too. */
  readonly atMetrics: ReadonlySet<string>;
  /** The metrics of the exporter's own process. */
  readonly self: { render(): Promise<string> };
  /** For what `debug=true` says. */
  readonly redact: Redaction;
  readonly log: Log;
}

/** All that andon.yaml lists, side by side. */
export function metricsRoute(source: MetricsSource): RequestHandler {
  const isListed = ({ target }: Collector) =>
    source.atMetrics.has(target) || !Object.hasOwn(source.targets, target);
  const collectors = source.scraper.collectors.filter(isListed);
  return answerWith(source, (query) => selectAtMetrics(query, collectors));
}

/** One target of andon.yaml. */
export function probeRoute(source: MetricsSource): RequestHandler {
  const { scraper, targets } = source;
  return answerWith(source, (query) => selectProbe(query, scraper.collectors, targets));
}

function answerWith(source: MetricsSource, select: (query: URLSearchParams) => Selection): RequestHandler {
  return async (request, response) => {
    const query = queryOf(request.originalUrl);
    const selection = select(query);
    const explain = query.get('debug') === 'true' ? source.redact : undefined;
    response.type(explain === undefined ? expositionContentType : 'text/plain; charset=utf-8');
    // Who wants the headers only must not cost the targets a query.
    if (request.method === 'HEAD') response.end();
    else await scrapeAndSend(source, selection, explain, request, response);
  };
}

async function scrapeAndSend(
  { scraper, self, log }: MetricsSource,
  { collectors, own }: Selection,
  explain: Redaction | undefined,
  request: Request,
  response: Response,
): Promise<void> {
  const announced = request.get('X-Prometheus-Scrape-Timeout-Seconds');
  const limitMs = scrapeLimitMs(announced);
  const started = performance.now();
  const results = await scraper.scrape(limitMs, (collector) => collectors.has(collector));
  const usedMs = performance.now() - started;
  if (response.destroyed) return; // Whoever asked has gone.
  const before = explain === undefined ? '' : explain(explanation({ results, announced, limitMs, usedMs }));
  const after = own ? await self.render() : '';
  await sendInPieces(
    request,
    response,
    around(before, renderExposition(...scraper.samplesOf(results)), after),
    log,
  );
}

async function* around(before: string, pieces: AsyncIterable<string>, after: string): AsyncGenerator<string> {
  if (before !== '') yield before;
  yield* pieces;
  if (after !== '') yield after;
}
