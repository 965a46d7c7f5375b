import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { detectionBoundMs } from '../../alerts/detection-bound.ts';
import { checkAll, renderAll } from '../../alerts/render.ts';
import { rulesOf } from '../../alerts/rules/catalogue.ts';
import type { AndonConfig } from '../../config/andon-config.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';

export function registerAlerts(program: Command, context: Context): void {
  const alerts = program.command('alerts').description('the alert rules, for Prometheus and Alertmanager');
  alerts
    .command('list')
    .description('every alert with its tier and the bound on its delivery')
    .action(() => list(context, program.opts()));
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
