import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { AndonConfig } from '../../config/andon-config.ts';
import { systemClock } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import { verifyAudit } from '../../runbooks/audit.ts';
import { runRunbook } from '../../runbooks/by-hand.ts';
import { findRunbook, loadCatalog } from '../../runbooks/catalog.ts';
import type { RunbooksConfig } from '../../runbooks/config.ts';
import { planRunbook, renderPlan } from '../../runbooks/plan.ts';
import { startRunbookService } from '../../runbooks/server.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { untilStopped } from '../until-stopped.ts';

type Options = CommonOptions & { target?: string };

export function registerRunbook(program: Command, context: Context): void {
  const runbook = program.command('runbook').description('what is done about an alert');
  const withTarget = (command: Command) =>
    command.option('--target <name>', 'where the alert would say it: the target');
  runbook
    .command('list')
    .description('the runbooks, and what starts them')
    .action(() => list(context, program.opts()));
  runbook
    .command('show <id>')
    .description('a runbook, checked and with its defaults filled in')
    .action((id: string) => {
      const { runbook: found } = findRunbook(loadCatalog(folderOf(context, program.opts())), id);
      context.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    });
  withTarget(runbook.command('plan <id>'))
    .description('every side effect, with the values filled in; does nothing')
    .action((id: string, options: Options) => plan(context, { ...program.opts(), ...options }, id));
  withTarget(runbook.command('run <id>'))
    .description('carry it out now')
    .action((id: string, options: Options) => run(context, { ...program.opts(), ...options }, id));
  runbook
    .command('serve')
    .description("receive Alertmanager's webhook and carry out runbooks")
    .action(() => serve(context, program.opts()));
  runbook
    .command('audit')
    .description('check that nobody has changed the audit log')
    .action(() => audit(context, program.opts()));
}

/** A catalogue can be listed without any configuration: then it is the shipped one. */
function folderOf(context: Context, options: CommonOptions): { folder?: string | undefined } {
  try {
    return { folder: findConfig(context, options).config.runbooks?.folder };
  } catch (error) {
    if (options.config === undefined && error instanceof UsageError && error.code === 'config.none')
      return {};
    throw error;
  }
}

function configured(
  context: Context,
  options: CommonOptions,
): { config: AndonConfig; runbooks: RunbooksConfig } {
  const { config, file } = findConfig(context, options);
  if (config.runbooks) return { config, runbooks: config.runbooks };
  throw new UsageError('runbook.not-configured', `${file} has no section runbooks:`, {
    mend: 'Add at least: runbooks: {token: "${file:runbooks-token}"}',
  });
}

function list(context: Context, options: CommonOptions): void {
  for (const { runbook, file } of loadCatalog(folderOf(context, options))) {
    const { id, title, mode, trigger } = runbook;
    const when = trigger ? `${mode}, on ${trigger.alert}` : 'by hand';
    const line = `${id.padEnd(20)} ${title} (${when})`;
    context.stdout.write(`${options.json ? JSON.stringify({ id, title, mode, trigger, file }) : line}\n`);
  }
}

function plan(context: Context, options: Options, id: string): void {
  const { config, runbooks } = configured(context, options);
  const { runbook } = findRunbook(loadCatalog(runbooks), id);
  const planned = planRunbook(runbook, { ...config, snapshots: runbooks.snapshots, target: options.target });
  context.stdout.write(`${options.json ? JSON.stringify(planned) : renderPlan(planned)}\n`);
}

async function run(context: Context, options: Options, id: string): Promise<void> {
  const { config, runbooks } = configured(context, options);
  const { runbook } = findRunbook(loadCatalog(runbooks), id);
  const record = await runRunbook(runbook, {
    config: runbooks,
    targets: config.targets,
    target: options.target,
    actor: userInfo().username,
    clock: systemClock,
    log: context.log,
    signal: context.signal,
  });
  if (options.json) context.stdout.write(`${JSON.stringify(record)}\n`);
  else {
    for (const step of record.steps)
      context.stdout.write(`${step.outcome.padEnd(10)} ${step.step}: ${step.summary}\n`);
    context.stdout.write(`${record.outcome}\n`);
  }
  if (record.outcome !== 'succeeded') context.exit(exitCode.failed);
}

async function serve(context: Context, options: CommonOptions): Promise<void> {
  const { config, runbooks } = configured(context, options);
  await using service = await startRunbookService({
    config: runbooks,
    targets: config.targets,
    clock: systemClock,
    log: context.log,
  });
  await untilStopped(context, { ready: true, url: service.url });
}

function audit(context: Context, options: CommonOptions): void {
  const { runbooks } = configured(context, options);
  const verdict = verifyAudit(runbooks.audit);
  context.stdout.write(`${JSON.stringify(verdict)}\n`);
  if (!verdict.ok) context.exit(exitCode.failed);
}
