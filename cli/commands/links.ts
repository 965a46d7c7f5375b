import type { Command } from 'commander';
import { readLinksConfig } from '../../drills/proxy/config.ts';
import { startLinks } from '../../drills/proxy/link-server.ts';
import { systemClock } from '../../kit/clock.ts';
import type { Context } from '../context.ts';
import { untilStopped } from '../until-stopped.ts';

export function registerLinks(program: Command, context: Context): void {
  program
    .command('links')
    .description('the TCP proxy whose links a drill can cut')
    .action(async () => {
      const file = (program.opts() as { config?: string }).config ?? 'links.json';
      await using links = await startLinks(readLinksConfig(file), { log: context.log, clock: systemClock });
      await untilStopped(context, { ready: true, url: links.url });
    });
}
