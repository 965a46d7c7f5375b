import path from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config/andon-config.ts';
import { catalogue, planOf } from '../../drills/catalog.ts';
import { cleanUp, describeEntry } from '../../drills/clean.ts';
import { takeDrillLock } from '../../drills/drill-lock.ts';
import { faults } from '../../drills/faults/registry.ts';
import { leashWishSchema, runLeash } from '../../drills/leash-main.ts';
import { describePlan, planOfDrill } from '../../drills/plan.ts';
import { UndoLog } from '../../drills/undo-log.ts';
import { runWatchdog } from '../../drills/watchdog-main.ts';
import { systemClock } from '../../kit/clock.ts';
import { ResidueError } from '../../kit/errors.ts';
import { weaknesses } from '../../plant/settings.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { settingsOf, vocabularyOf } from '../drill-settings.ts';
import { runDrills } from '../run-drills.ts';
import {
  addExperimentOptions,
  experimentIn,
  holdOne,
  planExperiment,
  refuseOptions,
} from './drill-experiment.ts';
import { showHistory } from './drill-history.ts';
import { showSchedule } from './drill-schedule.ts';

interface LeashOptions {
  wish: string;
  config: string;
}

interface WatchdogOptions {
  run: string;
  undoLog: string;
  journal: string;
  config: string;
}

export function registerDrill(program: Command, context: Context): void {
  const drill = program.command('drill').description('rehearse an outage');
  drill
    .command('list')
    .description('the drills, suites and faults there are')
    .action(() => list(context, program.opts()));
  drill
    .command('show <id>')
    .description('a drill or suite, checked and with its defaults filled in')
    .action((id: string) => {
      const { drills } = planOf(id, vocabularyOf(undefined));
      context.stdout.write(`${JSON.stringify(drills.length === 1 ? drills[0]?.drill : drills, null, 2)}\n`);
    });
  drill
    .command('plan <ids...>')
    .description('every step and every side effect; does nothing')
    .action((ids: string[]) => plan(context, program.opts(), ids));
  const run = drill
    .command('run <id>')
    .description(
      'hold a drill or a suite: an id of the catalogue, or a file; also an experiment of Chaos Toolkit',
    )
    .option('--lab', 'bring up a practice plant for it, and take it down after')
    .option('--weaken <name...>', `with --lab: make the plant weak on purpose: ${weaknesses.join(', ')}`)
    .option('--out <dir>', 'where the reports go (default: .andon/runs/<id>)')
    .option('--yes-production <name...>', 'break this production target after all')
    .action((id: string, options) => {
      const experiment = experimentIn(context, id);
      const all = { ...program.opts(), ...options };
      refuseOptions(options, experiment !== undefined);
      return experiment ? holdOne(context, all, experiment) : runDrills(context, all, id);
    });
  addExperimentOptions(run);
  drill
    .command('clean')
    .description('finish every undo that an earlier run left open')
    .action(() => clean(context, program.opts()));
  drill
    .command('history')
    .description('past runs, newest first, and what is overdue')
    .action(() => showHistory(context, program.opts()));
  drill
    .command('schedule [id]')
    .description('print a systemd timer and a cron line for a drill or suite (monthly), and the next dates')
    .option('--monthly', 'once a month (the default)')
    .option('--weekly', 'once a week')
    .option('--on <day>', 'as in "first saturday", "last sunday"; with --weekly a day alone')
    .option('--at <time>', 'time of day in the time zone of alerts.shifts, as in 10:00')
    .option('--yes-production <name...>', 'break this production target after all')
    .action((id: string | undefined, options) =>
      showSchedule(context, { ...program.opts(), ...options }, id ?? 'monthly'),
    );
  drill
    .command('watchdog', { hidden: true })
    .requiredOption('--run <id>')
    .requiredOption('--undo-log <file>')
    .requiredOption('--journal <file>')
    .action((options: WatchdogOptions) => watch(context, { ...program.opts(), ...options }));
  drill
    .command('leash', { hidden: true })
    .requiredOption('--wish <json>')
    .action((options: LeashOptions) => leash(context, { ...program.opts(), ...options }));
}

function list({ stdout }: Context, { json }: CommonOptions): void {
  const { drills, suites } = catalogue();
  const known = drills
    .map((id) => planOf(id, vocabularyOf(undefined)).drills[0]?.drill)
    .filter((found) => found !== undefined);
  if (json) {
    stdout.write(
      `${JSON.stringify({ drills: known.map(({ id, title, cause }) => ({ id, title, cause })), suites, faults: faults.map(({ kind }) => kind) })}\n`,
    );
    return;
  }
  const told = suites.map((id) => ({ id, ...planOf(id, vocabularyOf(undefined)) }));
  const sections: [string, [string, string][]][] = [
    ['Drills', known.map(({ id, title, cause }) => [id, `${title} (${cause})`])],
    [
      'Suites',
      told.map(({ id, suite, drills: runs }) => [
        id,
        `${suite?.title}: ${runs.map(({ name }) => name).join(', ')}`,
      ]),
    ],
    ['Faults', faults.map(({ kind, summary }) => [kind, summary])],
  ];
  const width = Math.max(...sections.flatMap(([, rows]) => rows.map(([name]) => name.length)));
  for (const [title, rows] of sections)
    stdout.write([title, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`), ''].join('\n'));
}

function plan(context: Context, options: CommonOptions, ids: string[]): void {
  for (const id of ids) {
    const experiment = experimentIn(context, id);
    if (experiment) {
      context.stdout.write(planExperiment(experiment, options));
      continue;
    }
    const { config } = findConfig(context, options);
    for (const { name, drill } of planOf(id, vocabularyOf(config)).drills) {
      context.stdout.write(
        options.json
          ? `${JSON.stringify(planOfDrill(name, drill, config.targets))}\n`
          : describePlan(name, drill, config.targets),
      );
    }
  }
}

async function clean(context: Context, options: CommonOptions): Promise<void> {
  using _lock = takeDrillLock(context.home);
  const undoLog = new UndoLog(path.join(context.home, 'undo-log.ndjson'), systemClock);
  const { problems } = undoLog.read();
  if (undoLog.pending().length === 0 && problems.length === 0) {
    context.stdout.write('Nothing to undo: every fault of every run has been lifted.\n');
    return;
  }
  const runbooksToken = findConfig(context, options).config.runbooks?.token;
  const { undone, failed } = await cleanUp({
    undoLog,
    // An entry knows the configuration under which its fault was put in.
    targets: ({ configFile }) => loadConfig(options.config ?? configFile, context.env).targets,
    fetch,
    runbooksToken,
    by: 'clean',
  });
  for (const entry of undone) context.stdout.write(`undone: ${describeEntry(entry)}\n`);
  const left = [...failed.map(({ error, byHand }) => `${error}. ${byHand}`), ...problems];
  if (left.length === 0) return;
  throw new ResidueError('drill.residue', `${left.length} faults could not be undone`, {
    mend: left.join('\n'),
  });
}

async function leash({ env, stdin, stdout }: Context, { config, wish }: LeashOptions): Promise<void> {
  const { targets, runbooksToken } = settingsOf(loadConfig(config, env));
  const { undo, longestMs } = leashWishSchema.parse(JSON.parse(wish));
  await runLeash({ undo, longestMs, stdin, stdout, targets, fetch, runbooksToken, clock: systemClock });
}

async function watch(context: Context, options: WatchdogOptions): Promise<void> {
  const config = loadConfig(options.config, context.env);
  const settings = settingsOf(config);
  await runWatchdog({
    stdin: context.stdin,
    stdout: context.stdout,
    undoLogFile: options.undoLog,
    run: options.run,
    journalFile: options.journal,
    targets: settings.targets,
    fetch,
    runbooksToken: settings.runbooksToken,
    clock: systemClock,
  });
}
