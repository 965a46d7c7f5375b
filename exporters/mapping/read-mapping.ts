import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, UsageError } from '../../kit/errors.ts';
import type { Targets } from '../../kit/targets.ts';
import { parseYaml } from '../../kit/yaml-file.ts';
import type { ExporterConfig } from '../config.ts';
import { targetProblem } from '../config-problems.ts';
import { mappingProblems } from './problems.ts';
import { isInline, type Mapping, mappingSchema } from './schema.ts';
import type { BuiltInMapping } from './section-problems.ts';

/**
 * The mapping of an MES, by its name in andon.yaml: the one that stands there, the one of its file, or the one that ships. A file
 * is read from the working directory unless `withMappingFilesFrom` has said where andon.yaml lies.
 */
export function mappingOf({ mappings }: ExporterConfig, mes: string, targets: Targets): Mapping {
  const source = mappings[mes];
  if (source?.file !== undefined) return readMapping(source.file, targets);
  if (source !== undefined && isInline(source)) return source;
  return readMapping(builtInFile('reference-plant'), targets);
}

/** The section with every `file:` seen from the folder of andon.yaml. */
export const withMappingFilesFrom = (folder: string, config: ExporterConfig): ExporterConfig => ({
  ...config,
  mappings: Object.fromEntries(
    Object.entries(config.mappings).map(([mes, source]) => [
      mes,
      source.file === undefined ? source : { ...source, file: path.resolve(folder, source.file) },
    ]),
  ),
});

const builtInFile = (name: BuiltInMapping): URL => new URL(`./${name}.yaml`, import.meta.url);

/** Reads a mapping from a file of its own; every mistake in it is named at once, with line and column. */
export function readMapping(file: string | URL, targets: Targets): Mapping {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError('mapping.unreadable', `the mapping ${file} cannot be read: ${messageOf(error)}`, {
      mend: 'Correct file: under exporter: mappings: in andon.yaml. It is meant relative to andon.yaml.',
    });
  }
  const extra = (mapping: Mapping) =>
    mappingProblems(mapping, (at, name, kinds) => targetProblem(targets, at, name, kinds));
  return parseYaml(String(file), text, mappingSchema, { extra });
}
