import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import type { Targets } from '../../kit/targets.ts';
import type { Collector } from '../collector.ts';
import { expositionContentType, renderExposition } from '../exposition.ts';
import type { Sample } from '../sample.ts';
import { type Scraper, scrapeLimitMs } from '../scrape.ts';

/** What the routes serve from. */
export interface MetricsSource {
  readonly scraper: Scraper;
  readonly targets: Targets;
  /** The targets that stand at /metrics. What has no target of andon.yaml, such as the host, stands there too. */
  readonly atMetrics: ReadonlySet<string>;
  /** The metrics of the exporter's own process. */
  readonly self: { render(): Promise<string> };
}

/** All that andon.yaml lists, side by side. */
export function metricsRoute({ scraper, targets, atMetrics, self }: MetricsSource): RequestHandler {
  const isListed = ({ target }: Collector) => atMetrics.has(target) || !Object.hasOwn(targets, target);
  return async (request, response) => {
    const results = await scraper.scrape(limitOf(request), isListed);
    await sendMetrics(request, response, scraper.samplesOf(results), await self.render());
  };
}

/** One target of andon.yaml; `collect[]` picks collectors. */
export function probeRoute({ scraper }: MetricsSource): RequestHandler {
  return async (request, response) => {
    const { target } = request.query;
    const meant = scraper.collectors.filter((collector) => collector.target === target);
    if (meant.length === 0) {
      response
        .status(404)
        .type('text')
        .send(`nothing is measured of a target "${String(target)}"\n`);
      return;
    }
    const results = await scraper.scrape(limitOf(request), (collector) => meant.includes(collector));
    await sendMetrics(request, response, scraper.samplesOf(results));
  };
}

const limitOf = (request: Request): number =>
  scrapeLimitMs(request.get('X-Prometheus-Scrape-Timeout-Seconds'));

/** The text in pieces as they are rendered, compressed for who can read that; nothing waits for a slow reader but its own response. */
async function sendMetrics(
  request: Request,
  response: Response,
  samples: Iterable<Sample>,
  tail = '',
): Promise<void> {
  response.set('content-type', expositionContentType).set('vary', 'accept-encoding');
  const text = Readable.from(withTail(renderExposition(samples), tail), { objectMode: false });
  if (request.acceptsEncodings('gzip') === 'gzip') {
    response.set('content-encoding', 'gzip');
    await pipeline(text, createGzip({ level: 1 }), response).catch(() => {}); // Whoever asked has gone.
  } else {
    await pipeline(text, response).catch(() => {});
  }
}

async function* withTail(pieces: AsyncIterable<string>, tail: string): AsyncGenerator<string> {
  yield* pieces;
  if (tail !== '') yield tail;
}
