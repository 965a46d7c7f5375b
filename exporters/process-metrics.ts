import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges that end in `_total`: promtool rightly complains, and their successors carry the same numbers. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** The exporter's own memory, CPU and event loop. The only module that knows prom-client; it has a registry of its own. */
export function processMetrics(): { render(): Promise<string> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return { render: () => registry.metrics() };
}
