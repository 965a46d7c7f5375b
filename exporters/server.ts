import express, { type Express } from 'express';
import { type Clock, systemClock } from '../kit/clock.ts';
import { messageOf, UnavailableError } from '../kit/errors.ts';
import { type ListeningServer, listen } from '../kit/http-server.ts';
import type { Log } from '../kit/log.ts';
import type { Targets } from '../kit/targets.ts';
import { createCollectors } from './collectors/registry.ts';
import { type ExporterConfig, namesAtMetrics } from './config.ts';
import { DatabaseSessions } from './databases/sessions.ts';
import { processMetrics } from './process-metrics.ts';
import { Scraper } from './scrape.ts';
import { landingPage } from './web/landing-page.ts';
import { type MetricsSource, metricsRoute, probeRoute } from './web/metrics-routes.ts';

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
  await using opened = new AsyncDisposableStack();
  const sessions = opened.use(new DatabaseSessions());
  const setup = { config, targets, sessions, fetch: options.fetch ?? fetch, clock, log };
  const collectors = createCollectors(setup);
  const scraper = opened.use(
    new Scraper({ collectors, version, seriesLimit: config.series_limit, clock, log }),
  );
  const source = { scraper, targets, atMetrics: namesAtMetrics(config, targets), self: processMetrics() };
  const server = opened.use(
    await listen(exporterApp(source, version), config.listen).catch((cause) => {
      throw new UnavailableError(
        'exporter.listen',
        `cannot listen on ${config.listen.host}:${config.listen.port}: ${messageOf(cause)}`,
        { mend: 'Choose another address under exporter: listen:, or end what holds this one.', cause },
      );
    }),
  );
  log.info({ url: server.url, collectors: collectors.length }, 'exporter listens');
  const owned = opened.move();
  const { host, port, url } = server;
  return { host, port, url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function exporterApp(source: MetricsSource, version: string): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // Neither depends on a target: an exporter whose targets are down is healthy, and says so at /metrics.
  app.get('/-/healthy', (_request, response) => {
    response.type('text').send('healthy\n');
  });
  app.get('/-/ready', (_request, response) => {
    response.type('text').send('ready\n');
  });
  app.get('/metrics', metricsRoute(source));
  app.get('/probe', probeRoute(source));
  app.get('/', (_request, response) => {
    response.type('html').send(landingPage(version, source.scraper.collectors));
  });
  for (const collector of source.scraper.collectors) collector.routes?.(app);
  return app;
}
