import express, { type Express } from 'express';
import { type Clock, systemClock } from '../kit/clock.ts';
import { messageOf, UnavailableError } from '../kit/errors.ts';
import { type ListeningServer, listen } from '../kit/http-server.ts';
import type { Log } from '../kit/log.ts';
import type { Targets } from '../kit/targets.ts';
import type { Collector } from './collector.ts';
import type { ExporterConfig } from './config.ts';
import { createCollectors } from './create-collectors.ts';
import { expositionContentType } from './exposition.ts';
import { landingPage } from './landing-page.ts';
import { processMetrics } from './process-metrics.ts';
import { Scraper, scrapeLimitMs } from './scrape.ts';

export interface ExporterOptions {
  config: ExporterConfig;
  targets: Targets;
  /** Of the package, for mes_exporter_build_info. */
  version: string;
  log: Log;
  clock?: Clock;
  fetch?: typeof fetch;
}

/** Serves /metrics of the configured targets. Leaving its scope closes the server and every connection to a target. */
export async function startExporter(options: ExporterOptions): Promise<ListeningServer> {
  const { config, targets, version, log, clock = systemClock } = options;
  const collectors = createCollectors(config, targets, options.fetch ?? fetch);
  const scraper = new Scraper(collectors, version, clock, log);
  const server = await listen(exporterApp(scraper, version, collectors), config.listen).catch((cause) => {
    throw new UnavailableError(
      'exporter.listen',
      `cannot listen on ${config.listen.host}:${config.listen.port}: ${messageOf(cause)}`,
      { mend: 'Choose another address under exporter: listen:, or end what holds this one.', cause },
    );
  });
  log.info({ url: server.url, collectors: collectors.length }, 'exporter listens');
  return {
    host: server.host,
    port: server.port,
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      scraper[Symbol.dispose]();
    },
  };
}

function exporterApp(scraper: Scraper, version: string, collectors: readonly Collector[]): Express {
  const self = processMetrics();
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/metrics', async (request, response) => {
    const limitMs = scrapeLimitMs(request.get('X-Prometheus-Scrape-Timeout-Seconds'));
    const [targets, own] = await Promise.all([scraper.scrape(limitMs), self.render()]);
    response.set('content-type', expositionContentType).send(targets + own);
  });
  // Neither depends on a target: an exporter whose targets are down is healthy, and says so at /metrics.
  app.get('/-/healthy', (_request, response) => {
    response.type('text').send('healthy\n');
  });
  app.get('/-/ready', (_request, response) => {
    response.type('text').send('ready\n');
  });
  app.get('/', (_request, response) => {
    response.type('html').send(landingPage(version, collectors));
  });
  return app;
}
