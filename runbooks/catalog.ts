import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, UsageError } from '../kit/errors.ts';
import { closest } from '../kit/spelling.ts';
import { InvalidFileError } from '../kit/yaml-file.ts';
import { parseRunbook, type Runbook } from './schema/runbook.ts';
import type { Step } from './step.ts';
import { shippedSteps } from './steps/registry.ts';

/** A runbook and the file it stands in. */
export interface CatalogEntry {
  runbook: Runbook;
  file: string;
}

const shippedFolder = fileURLToPath(new URL('./catalog/', import.meta.url));

/** The shipped runbooks and those of the user's folder; a user's takes the place of a shipped one of the same id. */
export function loadCatalog(
  options: { folder?: string | undefined; steps?: readonly Step[] } = {},
): CatalogEntry[] {
  const { folder, steps = shippedSteps } = options;
  const users = folder === undefined ? [] : readFolder(folder, steps);
  const replaced = new Set(users.map(({ runbook }) => runbook.id));
  const shipped = readFolder(shippedFolder, steps).filter(({ runbook }) => !replaced.has(runbook.id));
  return [...shipped, ...users].toSorted((a, b) => (a.runbook.id < b.runbook.id ? -1 : 1));
}

/** The runbook of that id in the catalogue; throws with the nearest id when there is none. */
export function findRunbook(catalog: readonly CatalogEntry[], id: string): CatalogEntry {
  const found = catalog.find(({ runbook }) => runbook.id === id);
  if (found) return found;
  const known = catalog.map(({ runbook }) => runbook.id);
  const near = closest(id, known);
  throw new UsageError('runbook.unknown', `no runbook is called "${id}"`, {
    mend: near ? `Did you mean "${near}"?` : `Known are ${known.join(', ')}.`,
  });
}

/** Reads one runbook file. */
export function readRunbook(file: string, steps: readonly Step[] = shippedSteps): CatalogEntry {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError('runbook.unreadable', `${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { runbook: parseRunbook(file, text, steps), file };
}

/** All mistakes of all files at once. */
function readFolder(folder: string, steps: readonly Step[]): CatalogEntry[] {
  const problems: string[] = [];
  const entries = yamlFiles(folder).flatMap((file) => {
    try {
      return [readRunbook(file, steps)];
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      problems.push(error.message);
      return [];
    }
  });
  const files = Map.groupBy(entries, ({ runbook }) => runbook.id);
  for (const [id, same] of files)
    if (same.length > 1) problems.push(`"${id}" stands in ${same.map(({ file }) => file).join(' and ')}`);
  if (problems.length > 0)
    throw new UsageError('runbook.invalid', problems.join('\n'), {
      mend: 'Mend each line named above, then run the same command again. Nothing was touched.',
    });
  return entries;
}

function yamlFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
    return names.toSorted().map((name) => path.join(folder, name));
  } catch (error) {
    throw new UsageError('runbook.folder', `the runbook folder ${folder}: ${messageOf(error)}`, {
      mend: 'Correct runbooks.folder in andon.yaml',
      cause: error,
    });
  }
}
