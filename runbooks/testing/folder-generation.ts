import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a folder whose every file says which generation it is of, so that a mixture shows. */
export function writeGeneration(folder: string, generation: string, files = 12): void {
  mkdirSync(path.join(folder, 'lines', 'L1'), { recursive: true });
  for (let index = 0; index < files; index++)
    writeFileSync(
      path.join(folder, index % 2 === 0 ? 'lines/L1' : '', `setting-${index}.yaml`),
      `${generation}\n`,
    );
  writeFileSync(path.join(folder, `only-in-${generation}`), `${generation}\n`);
}

/** The generations found in a folder, and how many files it has; one generation unless it is a mixture. */
export function readGenerations(folder: string): { generations: string[]; files: number } {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const contents = files.map((file) => readFileSync(path.join(file.parentPath, file.name), 'utf8').trim());
  const named = files.flatMap(({ name }) => /^only-in-(.*)$/.exec(name)?.[1] ?? []);
  return { generations: [...new Set([...contents, ...named])].toSorted(), files: files.length };
}
