import path from 'node:path';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { demandJournal, demandPrograms, refuseProcesses, refuseWrongValues } from './checks.ts';
import { askConfiguration } from './dynamic-configuration.ts';
import type { ExperimentEvent, ExperimentOutcome, Told } from './events.ts';
import type { ReadExperiment } from './experiment.ts';
import type { GivenVariables } from './given-variables.ts';
import { JournalKeeper } from './journal.ts';
import { OwnedProcesses } from './owned-processes.ts';
import { Redactor } from './redact.ts';
import { runExperiment, type Strategies } from './run-experiment.ts';
import type { Dry } from './stage.ts';
import { loadVariables } from './variables.ts';
import { notesOf } from './walk.ts';

export interface ExperimentDeps {
  given: GivenVariables;
  strategies: Strategies;
  dry: Dry | undefined;
  allowProcess: boolean;
  /** Where the journal is kept, in their format. */
  journalFile: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  clock: Clock;
  version: string;
  onEvent: (event: ExperimentEvent) => void;
  signal: AbortSignal;
}

/**
 * Checks everything that can be checked before anything runs, then holds the experiment and returns how it ended. Throws UsageError and
 * UnavailableError with nothing touched, and the signal's reason where it is stopped before it has begun.
 */
export async function holdExperiment(read: ReadExperiment, deps: ExperimentDeps): Promise<ExperimentOutcome> {
  const { experiment, document, file } = read;
  const { given, clock, dry, signal } = deps;
  const environment = Object.entries({ ...deps.env, ...given.environment });
  const env = Object.fromEntries(
    environment.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const place = { env, cwd: deps.cwd };
  refuseProcesses(file, experiment, deps.allowProcess);
  const loaded = loadVariables(experiment, given, env);
  demandPrograms(experiment, place);
  const journalFile = deps.journalFile === undefined ? undefined : path.resolve(deps.cwd, deps.journalFile);
  if (journalFile !== undefined) demandJournal(journalFile);
  const stamped = (event: Told) => deps.onEvent({ at: isoTime(clock.now()), ...event } as ExperimentEvent);
  await using processes = new OwnedProcesses();
  const early = new Redactor(loaded.variables);
  const note = (text: string) => stamped({ type: 'note', text: early.text(text) });
  for (const text of notesOf(experiment)) note(text);
  // A dry run asks nothing, so these names keep standing as they are written.
  const asks = dry !== 'activities' && dry !== 'probes';
  const variables = asks
    ? await askConfiguration(loaded, { place, processes }, note, signal)
    : loaded.variables;
  if (asks) refuseWrongValues(experiment, variables);
  const redactor = new Redactor(variables);
  const keeper = new JournalKeeper(document, { file: journalFile, redactor, clock, version: deps.version });
  const tell = (event: Told) => stamped(redactor.redact(event) as Told);
  // Awaited here, so that its processes are ended after it and not before.
  return await runExperiment(
    { experiment, variables, dry, place, processes, clock, keeper, tell },
    deps.strategies,
    signal,
  );
}
