import path from 'node:path';
import { writeFileAtomic } from '../kit/atomic-file.ts';
import { runChecker } from '../kit/checker.ts';
import { renderAlertmanagerConfig } from './alertmanager-config.ts';
import type { AlertsConfig } from './config.ts';
import { exporterJob, notifierJob, renderPrometheusConfig } from './prometheus-config.ts';
import { renderPrometheusRule, renderRules } from './prometheus-rules.ts';
import { rulesOf } from './rules/catalogue.ts';

const files = {
  rules: 'andon.rules.yml',
  manifest: 'andon.prometheusrule.yml',
  prometheus: 'prometheus.yml',
  alertmanager: 'alertmanager.yml',
};

export interface RenderInput {
  alerts: AlertsConfig;
  /** `host:port` where `andon exporter` listens. */
  exporterAddress: string;
  /** `host:port` where `andon notify serve` listens, if it is used. */
  notifierAddress?: string | undefined;
  /** `host:port`. */
  alertmanagerAddress: string;
}

/** Writes the rule file (also as a PrometheusRule), prometheus.yml and alertmanager.yml into a folder, and returns their paths. */
export function renderAll(input: RenderInput, outDir: string): string[] {
  const { alerts, exporterAddress, notifierAddress, alertmanagerAddress } = input;
  const rendered: [string, string][] = [
    [files.rules, renderRules(rulesOf(alerts), alerts)],
    [
      files.prometheus,
      renderPrometheusConfig({
        timing: alerts,
        ruleFiles: [files.rules],
        alertmanagerAddress,
        scrapeTargets: [
          { job: exporterJob, address: exporterAddress },
          ...(notifierAddress === undefined ? [] : [{ job: notifierJob, address: notifierAddress }]),
        ],
      }),
    ],
    [
      files.alertmanager,
      renderAlertmanagerConfig({
        timing: alerts,
        receivers: alerts.receivers.map(({ name, url, tiers, token_file, heartbeat }) => ({
          name,
          url,
          tiers,
          heartbeat,
          tokenFile: token_file,
        })),
      }),
    ],
    [files.manifest, renderPrometheusRule(rulesOf(alerts), alerts)],
  ];
  return rendered.map(([name, text]) => {
    const file = path.join(outDir, name);
    writeFileAtomic(file, text);
    return file;
  });
}

/** What one checker said about one file. */
export interface CheckResult {
  file: string;
  ok: boolean;
  output: string;
}

/** Has promtool and amtool check what renderAll wrote. Throws when one of them is not on this computer. */
export async function checkAll(outDir: string): Promise<CheckResult[]> {
  const check = async (file: string, tool: 'promtool' | 'amtool', ...args: string[]) => {
    const target = path.join(outDir, file);
    return { file: target, ...(await runChecker(tool, [...args, target])) };
  };
  return [
    await check(files.rules, 'promtool', 'check', 'rules'),
    await check(files.prometheus, 'promtool', 'check', 'config'),
    await check(files.alertmanager, 'amtool', 'check-config'),
  ];
}
