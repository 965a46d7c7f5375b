import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderAlertmanagerConfig } from '../alerts/alertmanager-config.ts';
import { alertsSection } from '../alerts/config.ts';
import { exporterJob, renderPrometheusConfig } from '../alerts/prometheus-config.ts';
import { renderRules } from '../alerts/prometheus-rules.ts';
import { rulesOf } from '../alerts/rules/catalogue.ts';
import { httpUrl, type LabPorts, loopback } from './addresses.ts';
import { onlyTheLabsOwn } from './host-series.ts';
import type { LabSecrets } from './secrets.ts';
import { volumeFolder } from './volume.ts';

/** The files of Prometheus and Alertmanager in a lab: the very rules that ship, with the default timing. */
export interface MonitoringFiles {
  prometheus: string;
  rules: string;
  alertmanager: string;
}

export function writeMonitoringFiles(
  dir: string,
  { server }: LabPorts,
  { file }: LabSecrets,
): MonitoringFiles {
  const timing = alertsSection.parse({});
  const files = {
    prometheus: path.join(dir, 'prometheus.yml'),
    rules: path.join(dir, 'andon.rules.yml'),
    alertmanager: path.join(dir, 'alertmanager.yml'),
  };
  writeFileSync(files.rules, renderRules(rulesOf(timing), timing));
  writeFileSync(
    files.prometheus,
    onlyTheLabsOwn(
      renderPrometheusConfig({
        timing,
        ruleFiles: [files.rules],
        alertmanagerAddress: loopback(server.alertmanager),
        scrapeTargets: [{ job: exporterJob, address: loopback(server.exporter) }],
      }),
      volumeFolder(dir),
    ),
  );
  writeFileSync(
    files.alertmanager,
    renderAlertmanagerConfig({
      timing,
      receivers: [
        { name: 'runbooks', url: `${httpUrl(server.runbooks)}/alertmanager`, tokenFile: file.runbooks },
        { name: 'drill', url: `${httpUrl(server.drill)}/alertmanager`, tokenFile: file.drill },
      ],
    }),
  );
  return files;
}
