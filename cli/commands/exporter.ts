import path from 'node:path';
import type { Command } from 'commander';
import { withMappingFilesFrom } from '../../exporters/mapping/read-mapping.ts';
import { type ExporterOptions, startExporter } from '../../exporters/server.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { checkExporter } from '../exporter-check.ts';
import { untilStopped } from '../until-stopped.ts';
import { version } from '../version.ts';

export function registerExporter(program: Command, context: Context): void {
  const exporter = program
    .command('exporter')
    .description('serve /metrics of the MES, databases and queues of andon.yaml')
    .action(async () => {
      await using server = await startExporter(optionsOf(context, program.opts()));
      await untilStopped(context, { ready: true, url: server.url });
    });
  exporter
    .command('check [names...]')
    .description('run every collector once and say what it found; with names those collectors or targets')
    .option('--verbose', 'every sample as well, which with names is the case anyway')
    .action(async (names: string[], { verbose = false }: { verbose?: boolean }) => {
      const options = program.opts<CommonOptions>();
      const show = { samples: verbose || names.length > 0, json: options.json === true };
      await checkExporter(context, optionsOf(context, options), names, show);
    });
}

function optionsOf(context: Context, common: CommonOptions): ExporterOptions {
  const { file, config } = findConfig(context, common);
  return {
    config: withMappingFilesFrom(path.dirname(file), config.exporter),
    targets: config.targets,
    log: context.log,
    version,
  };
}
