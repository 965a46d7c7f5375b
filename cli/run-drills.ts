import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../config/andon-config.ts';
import { type DrillPlan, planOf } from '../drills/catalog.ts';
import type { DrillDeps } from '../drills/run.ts';
import { runSuite, type SuiteResult } from '../drills/suite.ts';
import { systemClock } from '../kit/clock.ts';
import { AndonError, UnavailableError, UsageError } from '../kit/errors.ts';
import { findK6 } from '../loadtests/find-k6.ts';
import { terminalsLoad } from '../loadtests/terminals.ts';
import { bringUpLab, checkWeaknesses } from './bring-up-lab.ts';
import { type CommonOptions, type Context, findConfig } from './context.ts';
import { boundOf, settingsOf, vocabularyOf } from './drill-settings.ts';
import { exitCodeOfReport } from './exit-code.ts';
import { makeProgress } from './progress.ts';
import { version } from './version.ts';

export interface RunOptions extends CommonOptions {
  lab?: boolean;
  weaken?: string[];
  out?: string;
  yesProduction?: string[];
}

/** `andon drill run`: checks everything first, then brings up the lab if asked, then holds one drill after the other. */
export async function runDrills(context: Context, options: RunOptions, id: string): Promise<void> {
  refuseWeakenWithoutLab(options);
  checkWeaknesses(options.weaken ?? []);
  if (options.lab && options.config !== undefined) {
    throw new UsageError('drill.lab-or-config', '--lab and --config exclude each other', {
      mend: 'Leave one of them out.',
    });
  }
  planOf(id, vocabularyOf(undefined));
  using progress = makeProgress(context, options, () => Date.now());
  await using stack = new AsyncDisposableStack();
  if (options.lab) {
    stack.use(await bringUpLab(context, options.weaken ?? [], progress));
    stack.defer(() => progress.line('lab: going down'));
  }
  const { file, config } = options.lab ? readLabConfig(context) : findConfig(context, options);
  const plan = planOf(id, vocabularyOf(config));
  const result = await runSuite(plan, {
    ...depsOf(context, options, file, config),
    out: options.out === undefined ? undefined : path.resolve(context.cwd, options.out),
    onEvent: (name, event) => progress.event(name, event),
    targetsOf: (configFile) => loadConfig(configFile, context.env).targets,
  });
  finish(context, options, plan, result);
}

function readLabConfig(context: Context) {
  const file = path.join(context.home, 'lab', 'andon.yaml');
  return { file, config: loadConfig(file, context.env) };
}

function refuseWeakenWithoutLab(options: RunOptions): void {
  if (!options.weaken?.length || options.lab) return;
  throw new UsageError('drill.weaken', '--weaken needs --lab', {
    mend: 'Add --lab, or start the weak plant with: andon lab up --weaken NAME',
  });
}

function depsOf(
  context: Context,
  options: RunOptions,
  configFile: string,
  config: ReturnType<typeof loadConfig>,
): Omit<DrillDeps, 'onEvent'> {
  const settings = settingsOf(config);
  return {
    settings,
    configFile,
    home: context.home,
    clock: systemClock,
    log: context.log,
    fetch,
    self: context.self,
    load: (runDir) => loadOf(context, config, runDir),
    boundMs: boundOf(config),
    signal: context.signal,
    version,
    confirmedProduction: options.yesProduction ?? [],
  };
}

function loadOf(
  context: Context,
  config: ReturnType<typeof loadConfig>,
  runDir: string,
): ReturnType<DrillDeps['load']> {
  const terminals = config.drills.load.terminals;
  const target = terminals && config.targets[terminals.target];
  if (!terminals || target?.kind !== 'mes') {
    return {
      missing: new UnavailableError('load.none', 'no load is configured', {
        mend: 'Set drills.load.terminals in andon.yaml.',
      }),
    };
  }
  try {
    const k6 = findK6(context.env.PATH ?? '');
    mkdirSync(runDir, { recursive: true });
    return terminalsLoad({
      k6,
      mesUrl: target.url,
      token: terminals.token,
      dir: runDir,
      env: { PATH: context.env.PATH ?? '', HOME: context.env.HOME ?? runDir },
      clock: systemClock,
      log: context.log,
    });
  } catch (error) {
    if (error instanceof AndonError) return { missing: error };
    throw error;
  }
}

function finish(context: Context, options: RunOptions, plan: DrillPlan, result: SuiteResult): void {
  for (const { report } of result.runs) context.exit(exitCodeOfReport(report));
  if (options.json) return;
  for (const { name, report, dir } of result.runs) {
    const shown = path.relative(context.cwd, path.join(dir, 'report.html'));
    context.stdout.write(
      `${report.verdict.padEnd(8)} ${String(Math.round(report.score)).padStart(3)}  ${name.padEnd(18)} ${shown}\n`,
    );
  }
  if (plan.suite && result.dir !== undefined)
    context.stdout.write(`suite     ${path.relative(context.cwd, result.dir)}\n`);
}
