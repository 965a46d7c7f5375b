import path from 'node:path';
import { type Command, Option } from 'commander';
import { peopleRoles } from '../../lab/andon-yaml.ts';
import { type ServiceVerb, serviceVerbs } from '../../lab/control.ts';
import { askLab } from '../../lab/control-client.ts';
import { stopLab } from '../../lab/down.ts';
import type { Lab } from '../../lab/lab.ts';
import { labStatus } from '../../lab/status.ts';
import { weaknesses } from '../../plant/settings.ts';
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
    .option('--weaken <name...>', `make it weak on purpose: ${weaknesses.join(', ')}`)
    .action((options: { weaken?: string[] }) => up(context, { ...program.opts(), ...options }));
  lab
    .command('down')
    .description('take the running lab down')
    .action(() => down(context));
  lab
    .command('status')
    .description('whether a lab runs, and its addresses')
    .action(() => status(context, program.opts()));
  for (const verb of serviceVerbs)
    lab
      .command(`${verb} <service>`)
      .description(verbs[verb])
      .addOption(new Option('--lab <dir>', 'the folder of the lab').hideHelp())
      .action((service: string, options: { lab?: string }) =>
        control(context, { ...program.opts(), ...options }, verb, service),
      );
}

const verbs: Record<ServiceVerb, string> = {
  start: 'start a service of the running lab, such as mes, unless it runs; returns when it serves',
  stop: 'stop a service of the running lab',
  restart: 'stop a service of the running lab and start it again',
};

async function control(
  { home, stdout, signal }: Context,
  { json, lab = path.join(home, 'lab') }: CommonOptions & { lab?: string },
  verb: ServiceVerb,
  service: string,
): Promise<void> {
  const { state, pid } = await askLab(lab, verb, service, { fetch, signal });
  if (json) stdout.write(`${JSON.stringify({ service, state, pid })}\n`);
  else stdout.write(state === 'running' ? `${service} runs (process ${pid}).\n` : `${service} is stopped.\n`);
}

async function up(context: Context, options: CommonOptions & { weaken?: string[] }): Promise<void> {
  using progress = makeProgress(context, options, () => Date.now());
  await using lab = await bringUpLab(context, options.weaken ?? [], progress);
  if (options.json) context.stdout.write(`${JSON.stringify({ ready: true, addresses: lab.addresses })}\n`);
  else {
    for (const [name, address] of Object.entries(lab.addresses))
      context.stdout.write(`${name.padEnd(14)} ${address}\n`);
    context.stdout.write(`\n${hints(context, lab)}\n`);
  }
  await new Promise<void>((resolve) =>
    context.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  progress.line('lab: going down');
}

const hints = ({ cwd }: Context, { dir, addresses }: Lab): string =>
  [
    'The lab runs until Ctrl-C, or `andon lab down` in another window.',
    'Hold a drill in another window: andon drill run db-lock',
    `Runbooks and approvals: ${addresses.runbooks}/`,
    `Sign in there with a token of ${path.relative(cwd, path.join(dir, 'secrets'))}: ${peopleRoles.join(', ')}.`,
  ].join('\n');

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
