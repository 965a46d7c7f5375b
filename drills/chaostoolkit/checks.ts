import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf, UnavailableError, UsageError } from '../../kit/errors.ts';
import { type Experiment, resolve } from './experiment.ts';
import { parseJsonPath } from './json-path-parser.ts';
import { findProgram, type ProcessPlace } from './process-provider.ts';
import { compilePythonRegex } from './python-regex.ts';
import { isRecord, pythonText } from './python-values.ts';
import { substitute, type Variables } from './substitute.ts';
import { activitiesOf, providersOf } from './walk.ts';

/** Refuses an experiment that runs programs, unless that is allowed; names every one of them. */
export function refuseProcesses(file: string, experiment: Experiment, allowed: boolean): void {
  const found = providersOf(experiment).filter(({ provider }) => provider.type === 'process');
  if (allowed || found.length === 0) return;
  const lines = found.map(({ of, provider }) => `  ${of}: ${'path' in provider ? provider.path : ''}`);
  throw new UsageError(
    'experiment.process',
    [`${file} runs programs on this computer:`, ...lines].join('\n'),
    {
      mend: 'Read what they do, then add --allow-process. Nothing was touched.',
    },
  );
}

/** Refuses to begin where a program is missing; names every one of them. */
export function demandPrograms(experiment: Experiment, place: ProcessPlace): void {
  const missing = providersOf(experiment).flatMap(({ of, provider }) =>
    provider.type === 'process' && findProgram(provider.path, place) === undefined
      ? [`${provider.path} (${of})`]
      : [],
  );
  if (missing.length === 0) return;
  throw new UnavailableError(
    'experiment.program',
    `cannot be found or may not be run: ${missing.join(', ')}`,
    {
      mend: 'Install it, or mend its path or PATH. Nothing was touched.',
    },
  );
}

/** Refuses to begin where the journal could not be written. */
export function demandJournal(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    accessSync(path.dirname(file), constants.W_OK);
    if (existsSync(file) && !statSync(file).isFile()) throw new Error('it is no file');
  } catch (error) {
    throw new UsageError('experiment.journal', `--journal ${file} cannot be written: ${messageOf(error)}`, {
      mend: 'Name a file in a folder that you may write to. Nothing was touched.',
    });
  }
}

/** Refuses what is wrong only now that the names have values: patterns, paths, pauses and timeouts. */
export function refuseWrongValues(experiment: Experiment, variables: Variables): void {
  const problems = [...patternProblems(experiment, variables), ...numberProblems(experiment, variables)];
  if (problems.length === 0) return;
  throw new UsageError('experiment.values', problems.join('\n'), {
    mend: 'Mend the experiment or its configuration. Nothing was touched.',
  });
}

function patternProblems(experiment: Experiment, variables: Variables): string[] {
  return (experiment['steady-state-hypothesis']?.probes ?? []).flatMap((probe) => {
    const { tolerance } = probe;
    if (!isRecord(tolerance)) return [];
    const { name } = resolve(probe, experiment);
    if (tolerance.type === 'regex')
      return problem(name, () => compilePythonRegex(pythonText(substitute(tolerance.pattern, variables))));
    if (tolerance.type !== 'jsonpath') return [];
    return problem(name, () => parseJsonPath(pythonText(substitute(tolerance.path, variables))));
  });
}

function problem(name: string, check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [`${name}: ${messageOf(error)}`];
  }
}

function numberProblems(experiment: Experiment, variables: Variables): string[] {
  return activitiesOf(experiment).flatMap(({ name, pauses, provider }) => {
    const timeouts = Array.isArray(provider.timeout) ? provider.timeout : [provider.timeout];
    const values = [
      ['pauses.before', pauses?.before],
      ['pauses.after', pauses?.after],
      ...timeouts.map((value) => ['timeout', value]),
    ];
    return values.flatMap(([what, written]) => {
      const value = substitute(written ?? 0, variables);
      return Number.isFinite(Number(value))
        ? []
        : [`${name}: ${what} is ${pythonText(written)}, which is no number`];
    });
  });
}
