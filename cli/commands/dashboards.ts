import path from 'node:path';
import type { Command } from 'commander';
import { renderDashboards } from '../../dashboards/render.ts';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import type { Context } from '../context.ts';

export function registerDashboards(program: Command, context: Context): void {
  const dashboards = program
    .command('dashboards')
    .description('the Grafana dashboards, which are defined in code');
  dashboards
    .command('render')
    .description('write them as JSON for Grafana provisioning')
    .option('--out <dir>', 'where to', 'andon-rendered/dashboards')
    .action(({ out }: { out: string }) => {
      for (const { file, json } of renderDashboards()) {
        const target = path.resolve(context.cwd, out, file);
        writeFileAtomic(target, json);
        context.stdout.write(`${path.relative(context.cwd, target)}\n`);
      }
    });
}
