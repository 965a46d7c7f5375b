import path from 'node:path';
import type { Command } from 'commander';
import { stopLab } from '../../lab/down.ts';
import { labStatus } from '../../lab/status.ts';
import { bringUpLab } from '../bring-up-lab.ts';
import type { CommonOptions, Context } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { makeProgress } from '../progress.ts';

export function registerLab(program: Command, context: Context): void {
  const lab = program
    .command('lab')
    .description('a whole practice plant with its monitoring, on this computer');
  lab
    .command('up')
    .description('bring it up and stay until Ctrl-C or `andon lab down`')
    .option('--weaken <name...>', 'make it weak on purpose: pool, outbox, retry, idempotency')
    .action((options: { weaken?: string[] }) => up(context, { ...program.opts(), ...options }));
  lab
    .command('down')
    .description('take the running lab down')
    .action(() => down(context));
  lab
    .command('status')
    .description('whether a lab runs, and its addresses')
    .action(() => status(context, program.opts()));
}

async function up(context: Context, options: CommonOptions & { weaken?: string[] }): Promise<void> {
  using progress = makeProgress(context, options, () => Date.now());
  await using lab = await bringUpLab(context, options.weaken ?? [], progress);
  if (options.json) context.stdout.write(`${JSON.stringify({ ready: true, addresses: lab.addresses })}\n`);
  else {
    for (const [name, address] of Object.entries(lab.addresses))
      context.stdout.write(`${name.padEnd(14)} ${address}\n`);
    context.stdout.write(
      '\nThe lab runs until Ctrl-C, or `andon lab down` in another window.\nHold a drill in another window: andon drill run db-lock\n',
    );
  }
  await new Promise<void>((resolve) =>
    context.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  progress.line('lab: going down');
}

async function down({ home, stdout }: Context): Promise<void> {
  const stopped = await stopLab(path.join(home, 'lab'));
  stdout.write(stopped ? 'The lab is down.\n' : 'No lab was running.\n');
}

function status({ home, stdout, exit }: Context, { json }: CommonOptions): void {
  const found = labStatus(path.join(home, 'lab'));
  if (json) stdout.write(`${JSON.stringify(found)}\n`);
  else if (!found.running) stdout.write('No lab is running here. Start one with: andon lab up\n');
  else
    for (const [name, address] of Object.entries(found.addresses))
      stdout.write(`${name.padEnd(14)} ${address}\n`);
  if (!found.running) exit(exitCode.unavailable);
}
