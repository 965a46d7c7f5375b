import { stringify } from 'yaml';
import { promDuration } from '../kit/duration.ts';
import type { AlertsConfig } from './config.ts';

/** The job under which Prometheus scrapes `andon exporter`; MesExporterDown looks for it. */
export const exporterJob = 'andon-exporter';
/** The job under which it scrapes `andon notify serve`, where there is one. */
export const notifierJob = 'andon-notify';

/** One thing to scrape: `host:port`, always at /metrics. */
export interface ScrapeTarget {
  job: string;
  address: string;
}

export interface PrometheusConfigOptions {
  timing: Pick<AlertsConfig, 'scrape_interval' | 'scrape_timeout' | 'evaluation_interval'>;
  /** Paths, relative to prometheus.yml or absolute. */
  ruleFiles: readonly string[];
  /** `host:port`. */
  alertmanagerAddress: string;
  scrapeTargets: readonly ScrapeTarget[];
}

/** prometheus.yml as text. */
export function renderPrometheusConfig(options: PrometheusConfigOptions): string {
  const { timing, ruleFiles, alertmanagerAddress, scrapeTargets } = options;
  return stringify({
    global: {
      scrape_interval: promDuration(timing.scrape_interval),
      scrape_timeout: promDuration(timing.scrape_timeout),
      evaluation_interval: promDuration(timing.evaluation_interval),
    },
    rule_files: [...ruleFiles],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanagerAddress] }] }] },
    // Prometheus does not start with two entries of one job.
    scrape_configs: [...Map.groupBy(scrapeTargets, ({ job }) => job)].map(([job, targets]) => ({
      job_name: job,
      static_configs: [{ targets: targets.map(({ address }) => address) }],
    })),
  });
}
