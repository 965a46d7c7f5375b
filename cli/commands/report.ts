import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { History } from '../../drills/history.ts';
import { readJournal } from '../../drills/journal.ts';
import { reportFromJournal } from '../../drills/report/from-journal.ts';
import { renderHtml } from '../../drills/report/html.ts';
import { writeReport } from '../../drills/report/write-report.ts';
import { UsageError } from '../../kit/errors.ts';
import type { Context } from '../context.ts';

export function registerReport(program: Command, context: Context): void {
  program
    .command('report <run>')
    .description('render a run again from its journal: an id of `andon drill history`, or its folder')
    .option('--format <format>', 'html or json, to stdout; without it both files are written anew')
    .action((run: string, { format }: { format?: string }) => render(context, run, format));
}

function render(context: Context, run: string, format: string | undefined): void {
  if (format !== undefined && format !== 'html' && format !== 'json') {
    throw new UsageError('report.format', `unknown format "${format}"`, { mend: 'Known are html and json.' });
  }
  const dir = folderOf(context, run);
  const report = reportFromJournal(readJournal(path.join(dir, 'journal.ndjson')));
  if (format === 'json') context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (format === 'html') context.stdout.write(renderHtml(report));
  else {
    writeReport(dir, report);
    context.stdout.write(`${path.relative(context.cwd, path.join(dir, 'report.html'))}\n`);
  }
}

function folderOf({ cwd, home }: Context, run: string): string {
  const folder = path.resolve(cwd, run);
  if (existsSync(path.join(folder, 'journal.ndjson'))) return folder;
  using history = new History(home);
  const found = history.all().find(({ id }) => id === run);
  if (found && existsSync(path.join(found.dir, 'journal.ndjson'))) return found.dir;
  throw new UsageError('report.no-run', `there is no run "${run}"`, {
    mend: 'See the runs with: andon drill history',
  });
}
