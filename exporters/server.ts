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
import { exporterApp } from './web/app.ts';
import { serverTls } from './web/client-certificate.ts';
import { redactionOf } from './web/redaction.ts';
import { WebConfigFile } from './web/web-config-file.ts';

export interface ExporterOptions {
  config: ExporterConfig;
  targets: Targets;
  /** Of the package, for mes_exporter_build_info. */
  version: string;
  log: Log;
  clock?: Clock;
  fetch?: typeof fetch;
}

/**
 * Serves /metrics of the configured targets and /probe of each. Leaving its scope closes the server and every connection to a target.
 * Throws a UsageError when the web configuration has mistakes, and an UnavailableError when it cannot listen.
 */
export async function startExporter(options: ExporterOptions): Promise<ListeningServer> {
  const { config, targets, version, log, clock = systemClock } = options;
  const door = WebConfigFile.open(config.web_config, log);
  const current = () => door.current();
  await using opened = new AsyncDisposableStack();
  const sessions = opened.use(new DatabaseSessions());
  const setup = { config, targets, sessions, fetch: options.fetch ?? fetch, clock, log };
  const collectors = createCollectors(setup);
  const scraper = opened.use(
    new Scraper({ collectors, version, seriesLimit: config.series_limit, clock, log }),
  );
  const source = {
    scraper,
    targets,
    atMetrics: namesAtMetrics(config, targets),
    self: processMetrics(),
    redact: redactionOf({ targets, config }),
    log,
  };
  const app = exporterApp({ source, version, maxRequests: config.max_requests, current, clock });
  const server = opened.use(
    await listen(app, config.listen, serverTls(current, log)).catch((cause) => {
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
