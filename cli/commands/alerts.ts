import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { alertCodes } from '../../alerts/codes.ts';
import { type AlertsConfig, alertsSection } from '../../alerts/config.ts';
import { detectionBoundMs } from '../../alerts/detection-bound.ts';
import { checkAll, renderAll } from '../../alerts/render.ts';
import { rulesOf } from '../../alerts/rules/catalogue.ts';
import { span } from '../../alerts/wording.ts';
import type { AndonConfig } from '../../config/andon-config.ts';
import { UsageError } from '../../kit/errors.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';

export function registerAlerts(program: Command, context: Context): void {
  const alerts = program.command('alerts').description('the alert rules, for Prometheus and Alertmanager');
  alerts
    .command('list')
    .description('every alert with its tier and the bound on its delivery')
    .action(() => list(context, program.opts()));
  alerts
    .command('codes')
    .description('every error code: what it means, and what to do')
    .action(() => codes(context, program.opts()));
  alerts
    .command('render')
    .description('write the rule file, prometheus.yml and alertmanager.yml')
    .option('--out <dir>', 'where to', 'andon-rendered')
    .action(({ out }: { out: string }) => {
      for (const file of renderAll(
        inputOf(findConfig(context, program.opts()).config),
        path.resolve(context.cwd, out),
      )) {
        context.stdout.write(`${path.relative(context.cwd, file)}\n`);
      }
    });
  alerts
    .command('check')
    .description('render into a temporary folder and let promtool and amtool check it')
    .action(() => check(context, program.opts()));
}

function inputOf(config: AndonConfig) {
  const { host, port } = config.exporter.listen;
  return {
    alerts: config.alerts,
    exporterAddress: `${host}:${port}`,
    notifierAddress: config.notify && `${config.notify.listen.host}:${config.notify.listen.port}`,
    alertmanagerAddress: new URL(config.alertmanager.url).host,
  };
}

function list(context: Context, options: CommonOptions): void {
  const { config } = findConfig(context, options);
  for (const rule of rulesOf(config.alerts)) {
    const boundSeconds = detectionBoundMs(rule, config.alerts) / 1000;
    const { name, tier, summary } = rule;
    const line = `${tier}  ${name.padEnd(28)} within ${String(boundSeconds).padStart(4)} s  ${summary}`;
    context.stdout.write(`${options.json ? JSON.stringify({ name, tier, boundSeconds, summary }) : line}\n`);
  }
}

/** A code is looked up in a hurry: without an andon.yaml those of the default configuration are shown. */
function codes(context: Context, options: CommonOptions): void {
  for (const { boundMs, ...code } of alertCodes(alertsConfig(context, options))) {
    if (options.json) {
      const { onset: _, ...rest } = code;
      context.stdout.write(`${JSON.stringify({ ...rest, boundSeconds: boundMs / 1000 })}\n`);
      continue;
    }
    const facts = [code.tier, code.name, code.cause, `within ${span(boundMs)}`].filter(Boolean).join('  ');
    context.stdout.write(`${code.code}  ${facts}\n`);
    context.stdout.write(`    when: ${code.when}\n    means: ${code.meaning}\n    do: ${code.action}\n`);
  }
}

function alertsConfig(context: Context, options: CommonOptions): AlertsConfig {
  try {
    return findConfig(context, options).config.alerts;
  } catch (error) {
    if (error instanceof UsageError && error.code === 'config.none') return alertsSection.parse({});
    throw error;
  }
}

async function check(context: Context, options: CommonOptions): Promise<void> {
  const { config } = findConfig(context, options);
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-alerts-'));
  try {
    renderAll(inputOf(config), folder);
    for (const { file, ok, output } of await checkAll(folder)) {
      context.stdout.write(`${ok ? '✓' : '✗'} ${path.basename(file)}\n${ok ? '' : `${output}\n`}`);
      if (!ok) context.exit(exitCode.failed);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
