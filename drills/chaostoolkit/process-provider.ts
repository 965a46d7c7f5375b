import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import type { ProcessProvider } from './activity-schema.ts';
import type { OwnedProcesses, ProcessResult } from './owned-processes.ts';
import { isRecord, pythonText } from './python-values.ts';
import { hasVariables, substitute, type Variables } from './substitute.ts';

/** Where programs are looked for, and what they are given. */
export interface ProcessPlace {
  env: Readonly<Record<string, string>>;
  cwd: string;
}

/**
 * Runs a program as Chaos Toolkit does: `{status, stdout, stderr}`; a status other than 0 is no failure. Arguments as a list or an object
 * reach the program one by one, whatever is put into them. Arguments as one text go through `/bin/sh`, and so does what is put into them.
 */
export async function runProcess(
  provider: ProcessProvider,
  {
    variables,
    place,
    processes,
    lingering,
  }: {
    variables: Variables;
    place: ProcessPlace;
    processes: OwnedProcesses;
    /** Whether it runs in the background: then nothing of it outlives the run. */
    lingering: boolean;
  },
  signal: AbortSignal,
): Promise<ProcessResult> {
  const program = findProgram(provider.path, place);
  if (program === undefined) throw new Error(`${provider.path} cannot be found or may not be run`);
  const written = provider.arguments ?? [];
  const given = hasVariables(variables) ? substitute(written, variables) : written;
  const command =
    typeof given === 'string' && given !== ''
      ? ['/bin/sh', '-c', `${quoted(program)} ${given}`]
      : [program, ...argumentsOf(given)];
  const timeout = substitute(provider.timeout ?? undefined, variables);
  return processes.run(
    { command, ...place, lingering, timeoutMs: timeout === undefined ? undefined : Number(timeout) * 1000 },
    signal,
  );
}

/** An object gives its names and values in turn; what is null or empty is left out, so that `{"-v": ""}` is a flag. */
function argumentsOf(given: unknown): string[] {
  const list = isRecord(given) ? Object.entries(given).flat() : Array.isArray(given) ? given : [given];
  return list.filter((item) => item !== null && item !== undefined && item !== '').map(pythonText);
}

/** The program that a path or a name of PATH means; undefined when there is none that may be run. */
export function findProgram(name: string, { env, cwd }: ProcessPlace): string | undefined {
  const expanded = name.replace(/^~(?=\/|$)/, env.HOME ?? '~');
  const candidates = expanded.includes('/')
    ? [path.resolve(cwd, expanded)]
    : (env.PATH ?? '').split(path.delimiter).map((folder) => path.resolve(cwd, folder, expanded));
  return candidates.find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
