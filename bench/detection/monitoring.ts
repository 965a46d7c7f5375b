import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { renderAlertmanagerConfig } from '../../alerts/alertmanager-config.ts';
import { alertsSection } from '../../alerts/config.ts';
import { exporterJob, renderPrometheusConfig } from '../../alerts/prometheus-config.ts';
import { renderRules } from '../../alerts/prometheus-rules.ts';
import { rulesOf } from '../../alerts/rules/catalogue.ts';
import { httpUrl, loopback } from '../../lab/addresses.ts';
import { labServers } from '../../lab/servers.ts';
import type { ServiceContext } from '../../lab/services/service.ts';
import { writeHourBefore } from './history.ts';

/** Prometheus and Alertmanager with exactly what `andon alerts render` writes for an andon.yaml without `alerts:`. */
export async function startMonitoring(
  context: ServiceContext,
  exporters: readonly string[],
): Promise<AsyncDisposable> {
  const { dir, ports } = context;
  const timing = alertsSection.parse({});
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(dir, name), text);
    return path.join(dir, name);
  };
  const [first = ''] = exporters;
  const usual = renderPrometheusConfig({
    timing,
    ruleFiles: [file('andon.rules.yml', renderRules(rulesOf(timing), timing))],
    alertmanagerAddress: loopback(ports.server.alertmanager),
    scrapeTargets: [{ job: exporterJob, address: first }],
  });
  const prometheus = withAddresses(usual, exporters);
  const receivers = [{ name: 'stopwatch', url: `${httpUrl(ports.server.drill)}/` }];
  const alertmanager = renderAlertmanagerConfig({ timing, receivers });
  await using stack = new AsyncDisposableStack();
  stack.use(await labServers.alertmanager(context, file('alertmanager.yml', alertmanager)));
  await writeHourBefore(path.join(dir, 'prometheus'), Date.now());
  stack.use(await labServers.prometheus(context, file('prometheus.yml', prometheus)));
  return stack.move();
}

interface ScrapeConfigs {
  scrape_configs: { static_configs: { targets: readonly string[] }[] }[];
}

/** Several exporters are addresses of one job. */
function withAddresses(config: string, addresses: readonly string[]): string {
  const content = parse(config) as ScrapeConfigs;
  for (const { static_configs } of content.scrape_configs)
    for (const group of static_configs) group.targets = addresses;
  return stringify(content);
}
