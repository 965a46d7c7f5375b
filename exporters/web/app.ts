import express, { type Express, type RequestHandler } from 'express';
import type { Clock } from '../../kit/clock.ts';
import { configuredHeaders, gate, requestLimit } from './gate.ts';
import { landingPage } from './landing-page.ts';
import { type MetricsSource, metricsRoute, probeRoute } from './metrics-routes.ts';
import { answerError, nothingHere, onlyReading } from './request-refused.ts';
import { discoverRoute } from './service-discovery.ts';
import type { WebConfig } from './web-config.ts';

export interface AppOptions {
  source: MetricsSource;
  /** Of the package, for people. */
  version: string;
  maxRequests: number;
  /** The web configuration as it stands now. */
  current(): WebConfig;
  clock: Clock;
}

/**
 * Everything that the exporter serves:
 *
 *   every answer    headers of the web configuration
 *   /-/healthy      depends on no target, and is open: neither password nor any limit
 *   doors of their own, such as that of devices with a token of theirs
 *   all the rest    rate limit → authentication → requests at one time → route, those of collectors too
 */
export function exporterApp({ source, version, maxRequests, current, clock }: AppOptions): Express {
  const { scraper, targets, log } = source;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(configuredHeaders(current));
  const read = (path: string, handler: RequestHandler) => app.route(path).get(handler).all(onlyReading);
  // An exporter whose targets are down is healthy, and says so at /metrics.
  read('/-/healthy', (_request, response) => void response.type('text').send('healthy\n'));
  read('/-/ready', (_request, response) => void response.type('text').send('ready\n'));
  for (const collector of scraper.collectors) collector.ownDoor?.(app);
  app.use(gate(current, clock), requestLimit(maxRequests));
  read('/metrics', metricsRoute(source));
  read('/probe', probeRoute(source));
  read('/sd', discoverRoute(scraper.collectors, targets));
  read('/', (_request, response) => {
    response.type('html').send(landingPage(version, scraper.collectors, targets));
  });
  for (const collector of scraper.collectors) collector.routes?.(app);
  app.use(nothingHere, answerError(log));
  return app;
}
