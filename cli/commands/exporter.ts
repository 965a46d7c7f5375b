import type { Command } from 'commander';
import { startExporter } from '../../exporters/server.ts';
import { type Context, findConfig } from '../context.ts';
import { untilStopped } from '../until-stopped.ts';
import { version } from '../version.ts';

export function registerExporter(program: Command, context: Context): void {
  program
    .command('exporter')
    .description('serve /metrics of the MES, databases and queues of andon.yaml')
    .action(async () => {
      const { config } = findConfig(context, program.opts());
      await using server = await startExporter({
        config: config.exporter,
        targets: config.targets,
        log: context.log,
        version,
      });
      await untilStopped(context, { ready: true, url: server.url });
    });
}
