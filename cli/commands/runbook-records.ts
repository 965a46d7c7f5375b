import type { Command } from 'commander';
import type { RunRecord } from '../../runbooks/store/run.ts';
import { RunStore } from '../../runbooks/store/store.ts';
import type { CommonOptions, Context } from '../context.ts';
import { configured } from './runbook.ts';

/** `andon runbook history`: what was done, and why. */
export function registerRunbookRecords(runbook: Command, program: Command, context: Context): void {
  runbook
    .command('history [run]')
    .description('past runs, newest first; with a number, everything about that one')
    .option('--limit <count>', 'so many at most', '20')
    .action((run: string | undefined, { limit }: { limit: string }) =>
      run === undefined
        ? history(context, program.opts(), Number(limit))
        : showRun(context, program.opts(), Number(run)),
    );
}

function history(context: Context, options: CommonOptions, limit: number): void {
  using store = new RunStore(configured(context, options).runbooks.store);
  const runs = store.runs(0, Number.isInteger(limit) && limit > 0 ? limit : 20).toReversed();
  for (const run of runs) context.stdout.write(`${options.json ? JSON.stringify(run) : lineOf(run)}\n`);
  if (runs.length === 0 && !options.json) context.stdout.write('No runbook has run yet.\n');
}

function lineOf({ id, receivedAt, runbook, target, actor, state, reason }: RunRecord): string {
  const on = target === null ? '' : ` on ${target}`;
  return `${id.padStart(5)}  ${receivedAt}  ${state.padEnd(17)} ${runbook}${on} (${actor}): ${reason.split('\n')[0] ?? ''}`;
}

function showRun(context: Context, options: CommonOptions, id: number): void {
  using store = new RunStore(configured(context, options).runbooks.store);
  const run = store.run(id);
  if (!run) {
    context.stderr.write(`There is no run ${id}. See: andon runbook history\n`);
    context.exit(2);
    return;
  }
  if (options.json) {
    context.stdout.write(`${JSON.stringify(run)}\n`);
    return;
  }
  const lines = [
    lineOf(run),
    `mode ${run.mode}: ${run.trust}`,
    ...(run.plan === '' ? [] : ['', run.plan, '']),
    ...run.steps.map(
      ({ position, phase, attempt, step, outcome, summary }) =>
        `${position}. ${phase === 'undo' ? 'undo of ' : ''}${step}${attempt > 1 ? `, attempt ${attempt}` : ''}: ${outcome}: ${summary}`,
    ),
    ...store.approvals
      .of(id)
      .map(
        ({ question, decision, decidedBy }) =>
          `asked: ${question} ${decision ?? 'waits'}${decidedBy ? ` by ${decidedBy}` : ''}`,
      ),
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
}
