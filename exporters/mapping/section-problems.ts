import { closest } from '../../kit/spelling.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { TargetCheck } from '../config-problems.ts';
import { mappingProblems } from './problems.ts';
import { isInline, type MappingSource } from './schema.ts';

/** The mappings that ship. */
export const builtInMappings = ['reference-plant'] as const;
export type BuiltInMapping = (typeof builtInMappings)[number];

/** What is wrong under `exporter: mappings:`. A mapping in a file of its own is read, and checked, by who needs it. */
export function mappingsProblems(
  mappings: Readonly<Record<string, MappingSource>>,
  checkTarget: TargetCheck,
): ExtraProblem[] {
  return Object.entries(mappings).flatMap(([mes, source]) => {
    const at = ['exporter', 'mappings', mes];
    const found = mappingProblems(source, checkTarget);
    return [
      ...checkTarget(at, mes, ['mes']),
      ...sourceProblems(source, at),
      ...found.map(({ path, message }) => ({ path: [...at, ...path], message })),
    ];
  });
}

/** A mapping comes from one place. */
function sourceProblems(source: MappingSource, at: readonly PropertyKey[]): ExtraProblem[] {
  const { use, file } = source;
  const places = [use !== undefined, file !== undefined, isInline(source)].filter(Boolean).length;
  if (places > 1) return [{ path: [...at], message: 'give one of use:, file: and the mapping itself' }];
  if (use === undefined || (builtInMappings as readonly string[]).includes(use)) return [];
  const near = closest(use, builtInMappings);
  const hint = near === undefined ? `there is ${builtInMappings.join(', ')}` : `did you mean "${near}"?`;
  return [{ path: [...at, 'use'], message: `no mapping called "${use}" ships; ${hint}` }];
}
