import { counter, gauge } from '../metric.ts';

/** The exporter itself. `target` is the system the collector asked. */
export const exporterMetrics = {
  collectorSuccess: gauge(
    'mes_exporter_collector_success',
    ['collector', 'target'],
    'Whether this collector finished in this scrape.',
  ),
  collectorDuration: gauge(
    'mes_exporter_collector_duration_seconds',
    ['collector', 'target'],
    'How long this collector took in this scrape.',
  ),
  buildInfo: gauge(
    'mes_exporter_build_info',
    ['version', 'node_version'],
    'Always 1: which build is running.',
  ),
  collectorLastSuccess: gauge(
    'mes_exporter_collector_last_success_timestamp_seconds',
    ['collector', 'target'],
    'When this collector last succeeded.',
  ),
  collectorSeriesDropped: counter(
    'mes_exporter_collector_series_dropped_total',
    ['collector', 'target'],
    'Series left out because this collector had more than its limit.',
  ),
  andonBuildInfo: gauge(
    'andon_build_info',
    ['version', 'node_version'],
    'Always 1: which build of Andon is running.',
  ),
};
