import { systemClock } from '../../../kit/clock.ts';
import { type ListeningServer, listen } from '../../../kit/http-server.ts';
import { type Log, silentLog } from '../../../kit/log.ts';
import { targetsSchema } from '../../../kit/targets.ts';
import { metrics } from '../../catalogue.ts';
import type { Collected, Collector, ScrapeRun } from '../../collector.ts';
import { sample } from '../../sample.ts';
import { Scraper } from '../../scrape.ts';
import { exporterApp } from '../app.ts';
import { serverTls } from '../client-certificate.ts';
import { redactionOf } from '../redaction.ts';
import { WebConfigFile } from '../web-config-file.ts';

/** A collector that gives one series, or does what `collect` says. */
export const fakeCollector = (name: string, target: string, more: Partial<Collector> = {}): Collector => ({
  name,
  target,
  timeoutMs: 3000,
  whenSilent: [],
  collect: async (run: ScrapeRun): Promise<Collected> => ({
    samples: [
      await run.step(`ask  for\n ${name}`, async () => sample(metrics.dbConnectionsMax, { target }, 100)),
    ],
  }),
  [Symbol.dispose]: () => {},
  ...more,
});

export interface AppServerOptions {
  collectors: readonly Collector[];
  targets?: Record<string, unknown>;
  /** The targets at /metrics; all when left out. */
  atMetrics?: readonly string[];
  maxRequests?: number;
  webConfig?: string;
  log?: Log;
}

/** All that the exporter serves, before collectors of the test. */
export async function startAppServer(options: AppServerOptions): Promise<ListeningServer> {
  const { collectors, maxRequests = 40, webConfig, log = silentLog } = options;
  const targets = targetsSchema.parse(options.targets ?? {});
  const door = WebConfigFile.open(webConfig, log);
  const current = () => door.current();
  const scraper = new Scraper({
    collectors,
    version: '1.2.3',
    seriesLimit: 1_000_000,
    clock: systemClock,
    log,
  });
  const source = {
    scraper,
    targets,
    atMetrics: new Set(options.atMetrics ?? Object.keys(targets)),
    self: { render: async () => 'process_example 1\n' },
    redact: redactionOf(targets),
    log,
  };
  const app = exporterApp({ source, version: '1.2.3', maxRequests, current, clock: systemClock });
  return listen(app, { host: '127.0.0.1', port: 0 }, serverTls(current, log));
}
