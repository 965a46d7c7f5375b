import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { describeExperiment } from '../../drills/chaostoolkit/describe-experiment.ts';
import type { ExperimentEvent, ExperimentOutcome } from '../../drills/chaostoolkit/events.ts';
import {
  type Experiment,
  type HypothesisStrategy,
  hypothesisStrategies,
  isExperiment,
  type ReadExperiment,
  type RollbackStrategy,
  readExperiment,
  rollbackStrategies,
} from '../../drills/chaostoolkit/experiment.ts';
import { givenVariables } from '../../drills/chaostoolkit/given-variables.ts';
import { holdExperiment } from '../../drills/chaostoolkit/hold-experiment.ts';
import { planOfExperiment } from '../../drills/chaostoolkit/plan-experiment.ts';
import { type Dry, dryModes } from '../../drills/chaostoolkit/stage.ts';
import { systemClock } from '../../kit/clock.ts';
import { messageOf, UsageError } from '../../kit/errors.ts';
import type { CommonOptions, Context } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { experimentLine } from '../experiment-lines.ts';
import { version } from '../version.ts';

/** The options of `andon drill run` that only experiments of Chaos Toolkit know. */
export interface ExperimentOptions extends CommonOptions {
  allowProcess?: boolean;
  journal?: string;
  var?: string[];
  varFile?: string[];
  rollbackStrategy?: RollbackStrategy;
  hypothesisStrategy?: HypothesisStrategy;
  hypothesisFrequency?: number;
  failFast?: boolean;
  dry?: Dry;
}

const own = [
  'allowProcess',
  'journal',
  'var',
  'varFile',
  'rollbackStrategy',
  'hypothesisStrategy',
  'hypothesisFrequency',
  'failFast',
  'dry',
] as const;

/** Adds what experiments need to `andon drill run`. */
export function addExperimentOptions(command: Command): Command {
  const several = (value: string, before: string[] = []) => [...before, value];
  return command
    .optionsGroup('Options for experiments of Chaos Toolkit:')
    .option('--allow-process', 'let the experiment run programs on this computer')
    .option('--journal <file>', 'write the journal in the format of Chaos Toolkit')
    .option('--var <name[:type]=value>', 'a value of its configuration; may be repeated', several)
    .option(
      '--var-file <file>',
      'configuration and secrets from JSON, YAML or .env; may be repeated',
      several,
    )
    .addOption(
      new Option('--rollback-strategy <when>', 'when rollbacks are played').choices(rollbackStrategies),
    )
    .addOption(
      new Option('--hypothesis-strategy <when>', 'when the steady state is checked').choices(
        hypothesisStrategies,
      ),
    )
    .option('--hypothesis-frequency <seconds>', 'between two checks during the method (default: 1)', seconds)
    .option('--fail-fast', 'end the method when a check during it is missed')
    .addOption(new Option('--dry <what>', 'leave these out').choices(dryModes));
}

function seconds(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a number of seconds above 0.');
}

/** The experiment that a file holds, checked; undefined when what is named is no experiment. */
export function experimentIn({ cwd }: Context, idOrFile: string): ReadExperiment | undefined {
  if (!/\.(json|ya?ml)$/.test(idOrFile)) return undefined;
  let text: string;
  try {
    text = readFileSync(path.resolve(cwd, idOrFile), 'utf8');
  } catch {
    return undefined; // Whoever reads drills says so.
  }
  return isExperiment(idOrFile, text) ? readExperiment(idOrFile, text) : undefined;
}

/** Refuses options of the other kind: they would have no effect. */
export function refuseOptions(
  options: ExperimentOptions & Record<string, unknown>,
  isExperimentFile: boolean,
): void {
  const wrong = (isExperimentFile ? ['lab', 'weaken', 'out', 'yesProduction'] : own).find(
    (name) => options[name] !== undefined,
  );
  if (wrong === undefined) return;
  const written = `--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UsageError(
    'drill.option',
    `${written} is only for ${isExperimentFile ? 'drills' : 'experiments of Chaos Toolkit'}`,
    { mend: 'Leave it out.' },
  );
}

/** `andon drill run FILE` with an experiment of Chaos Toolkit. */
export async function holdOne(
  context: Context,
  options: ExperimentOptions,
  read: ReadExperiment,
): Promise<void> {
  const files = (options.varFile ?? []).map((name) => ({ name, text: readVarFile(context, name) }));
  const outcome = await holdExperiment(read, {
    given: givenVariables(options.var ?? [], files),
    strategies: {
      ...strategiesOf(read.experiment, options),
      frequencyMs: (options.hypothesisFrequency ?? 1) * 1000,
      failFast: options.failFast ?? false,
    },
    dry: options.dry,
    allowProcess: options.allowProcess ?? false,
    journalFile: options.journal,
    env: context.env,
    cwd: context.cwd,
    clock: systemClock,
    version,
    onEvent: (event) => show(context, options, event),
    signal: context.signal,
  });
  context.exit(exitCodeOfOutcome(outcome));
  if (outcome.failedRollbacks.length > 0)
    context.stderr.write(
      `Rollbacks failed: ${outcome.failedRollbacks.join(', ')}. What they should have put back may still be broken: do it by hand.\n`,
    );
  if (!options.json) context.stdout.write(`${verdictOf(outcome).padEnd(11)} ${read.experiment.title}\n`);
}

/** What an experiment would do: text, or with `--json` one line for programs. */
export function planExperiment({ experiment }: ReadExperiment, { json }: CommonOptions): string {
  const strategies = strategiesOf(experiment, {});
  return json
    ? `${JSON.stringify(planOfExperiment(experiment, strategies))}\n`
    : describeExperiment(experiment, strategies);
}

/** The command line counts more than the experiment. */
function strategiesOf({ runtime }: Experiment, options: ExperimentOptions) {
  const written = runtime?.hypothesis?.strategy;
  return {
    hypothesis:
      options.hypothesisStrategy ?? (written === 'continously' ? 'continuously' : (written ?? 'default')),
    rollbacks: options.rollbackStrategy ?? runtime?.rollbacks?.strategy ?? 'default',
  };
}

function exitCodeOfOutcome({ status, reasons, failedRollbacks }: ExperimentOutcome): number {
  if (failedRollbacks.length > 0) return exitCode.residue;
  if (status === 'interrupted') return exitCode.stopped;
  return reasons.length > 0 || status !== 'completed' ? exitCode.failed : exitCode.ok;
}

const verdictOf = ({ status, deviated, reasons }: ExperimentOutcome): string => {
  if (status === 'interrupted') return 'interrupted';
  if (deviated) return 'deviated';
  return reasons.length > 0 ? 'failed' : 'passed';
};

function readVarFile({ cwd }: Context, name: string): string {
  try {
    return readFileSync(path.resolve(cwd, name), 'utf8');
  } catch (error) {
    throw new UsageError('experiment.var-file', `--var-file ${name} cannot be read: ${messageOf(error)}`, {
      mend: 'Name an existing file. Nothing was touched.',
    });
  }
}

function show({ stdout, stderr }: Context, { json, quiet }: ExperimentOptions, event: ExperimentEvent): void {
  if (json) stdout.write(`${JSON.stringify(event)}\n`);
  else if (!quiet) {
    const line = experimentLine(event);
    if (line !== undefined) stderr.write(`${line}\n`);
  }
}
