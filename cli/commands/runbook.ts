import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { AndonConfig } from '../../config/andon-config.ts';
import { systemClock } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import { verifyAudit } from '../../runbooks/audit/audit.ts';
import { findRunbook, loadCatalog } from '../../runbooks/catalog.ts';
import type { RunbooksConfig } from '../../runbooks/config.ts';
import { runRunbook } from '../../runbooks/engine/by-hand.ts';
import { openRunbooks, type RunbookOptions } from '../../runbooks/open-runbooks.ts';
import { planRunbook, renderPlan, subjectByHand } from '../../runbooks/plan.ts';
import { repairsOf } from '../../runbooks/repairs/repair.ts';
import { startRunbookService } from '../../runbooks/server.ts';
import { shippedSteps } from '../../runbooks/steps/registry.ts';
import { isQuiet } from '../../runbooks/store/run.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { untilStopped } from '../until-stopped.ts';
import { registerRunbookControl } from './runbook-control.ts';
import { registerRunbookRecords } from './runbook-records.ts';

type Options = CommonOptions & { target?: string; input?: Record<string, string> };

export function registerRunbook(program: Command, context: Context): void {
  const runbook = program.command('runbook').description('what is done about an alert');
  const withSubject = (command: Command) =>
    command
      .option('--target <name>', 'where the alert would say it: the target')
      .option(
        '--input <name=value>',
        'where the alert would say it: an input, once for each',
        collectInput,
        {},
      );
  runbook
    .command('list')
    .description('the runbooks, and what starts them')
    .option('--steps', 'the steps that runbooks are made of')
    .action(({ steps }: { steps?: boolean }) => (steps ? listSteps(context) : list(context, program.opts())));
  runbook
    .command('show <id>')
    .description('a runbook, checked and with its defaults filled in')
    .action((id: string) => {
      const { runbook: found } = findRunbook(loadCatalog(folderOf(context, program.opts())), id);
      context.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    });
  withSubject(runbook.command('plan <id>'))
    .description('every side effect, with the values filled in; does nothing')
    .action((id: string, options: Options) => plan(context, { ...program.opts(), ...options }, id));
  withSubject(runbook.command('run <id>'))
    .description('carry it out now; where its mode is approve, as soon as another person has agreed')
    .action((id: string, options: Options) => run(context, { ...program.opts(), ...options }, id));
  runbook
    .command('serve')
    .description("receive Alertmanager's webhook, take approvals, and carry out runbooks")
    .action(() => serve(context, program.opts()));
  registerRunbookRecords(runbook, program, context);
  registerRunbookControl(runbook, program, context);
  runbook
    .command('audit')
    .description('check that nobody has changed the audit log')
    .option('--verify', 'the same: there is nothing else to do with it')
    .action(() => audit(context, program.opts()));
}

function collectInput(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1)
    throw new UsageError('runbook.input', `"${text}" is no input`, {
      mend: 'Write it as --input NAME=VALUE',
    });
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
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

/** The configuration with its section on runbooks; throws when it has none. */
export function configured(
  context: Context,
  options: CommonOptions,
): { config: AndonConfig; runbooks: RunbooksConfig } {
  const { config, file } = findConfig(context, options);
  if (config.runbooks) return { config, runbooks: config.runbooks };
  throw new UsageError('runbook.not-configured', `${file} has no section runbooks:`, {
    mend: 'Add at least: runbooks: {token: "${file:runbooks-token}"}',
  });
}

function runbookOptions(context: Context, options: CommonOptions): RunbookOptions {
  const { config, runbooks } = configured(context, options);
  return {
    ...{ config: runbooks, targets: config.targets, prometheus: config.prometheus.url },
    comparisons: config.exporter.consistency,
    ...{ shifts: config.alerts.shifts, fetch, clock: systemClock, log: context.log },
  };
}

function list(context: Context, options: CommonOptions): void {
  for (const { runbook, file } of loadCatalog(folderOf(context, options))) {
    const { id, title, mode, triggers } = runbook;
    const names = triggers.map(({ alert, cron, event }) => alert ?? event ?? `"${cron}"`);
    const when = [...new Set(names)].join(', ');
    const modes = [...new Set(Object.values(mode))].join('/');
    const line = `${id.padEnd(20)} ${title} (${when === '' ? 'by hand' : `${modes}, on ${when}`})`;
    context.stdout.write(`${options.json ? JSON.stringify({ id, title, mode, triggers, file }) : line}\n`);
  }
}

function listSteps(context: Context): void {
  for (const { kind, summary, targets } of shippedSteps)
    context.stdout.write(
      `${kind.padEnd(24)} ${summary}${targets.length > 0 ? ` (${targets.join(', ')})` : ''}\n`,
    );
}

function plan(context: Context, { target, input: inputs, ...options }: Options, id: string): void {
  const { config, runbooks } = configured(context, options);
  const { runbook } = findRunbook(loadCatalog(runbooks), id);
  const { snapshots, scripts } = runbooks;
  const repairs = repairsOf(runbooks.repairs, config.exporter.consistency);
  const deps = { targets: config.targets, snapshots, repairs, scripts, steps: shippedSteps };
  const planned = planRunbook(runbook, subjectByHand(runbook, { target, inputs }, deps), deps);
  context.stdout.write(`${options.json ? JSON.stringify(planned) : renderPlan(planned)}\n`);
}

async function run(
  context: Context,
  { target, input: inputs, ...options }: Options,
  id: string,
): Promise<void> {
  const given = runbookOptions(context, options);
  const { runbook } = findRunbook(loadCatalog(given.config), id);
  using open = openRunbooks(given);
  const actor = userInfo().username;
  const record = await runRunbook(runbook, { target, inputs, actor }, open, context.signal, (waits) =>
    context.stderr.write(`run ${waits.id} waits: ${waits.reason}\n`),
  );
  if (options.json) context.stdout.write(`${JSON.stringify(record)}\n`);
  else {
    for (const step of record.steps)
      context.stdout.write(
        `${step.outcome.padEnd(10)} ${step.phase === 'undo' ? 'undo of ' : ''}${step.step}: ${step.summary}\n`,
      );
    context.stdout.write(`${record.outcome}${record.outcome === 'succeeded' ? '' : `: ${record.reason}`}\n`);
  }
  if (record.outcome === 'running' || !isQuiet(record.outcome)) context.exit(exitCode.failed);
}

async function serve(context: Context, options: CommonOptions): Promise<void> {
  await using service = await startRunbookService(runbookOptions(context, options));
  await untilStopped(context, { ready: true, url: service.url });
}

function audit(context: Context, options: CommonOptions): void {
  const { runbooks } = configured(context, options);
  const verdict = verifyAudit(runbooks.audit);
  context.stdout.write(`${JSON.stringify(verdict)}\n`);
  if (!verdict.ok) context.exit(exitCode.failed);
}
