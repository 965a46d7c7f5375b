import { databaseMetrics } from './catalogue/database.ts';
import { deviceMetrics } from './catalogue/devices.ts';
import { exporterMetrics } from './catalogue/exporter.ts';
import { hostMetrics } from './catalogue/host.ts';
import { mesMetrics } from './catalogue/mes.ts';
import { queueMetrics } from './catalogue/queues.ts';
import { syncMetrics } from './catalogue/sync.ts';

/**
 * Every metric that the exporter publishes. Rules, dashboards and probes take names from here, so that a rename
 * fails to compile. Every series of a target carries `target`: on /metrics all targets stand side by side.
 */
export const metrics = {
  ...mesMetrics,
  ...syncMetrics,
  ...deviceMetrics,
  ...databaseMetrics,
  ...queueMetrics,
  ...hostMetrics,
  ...exporterMetrics,
};
