import { hostname } from 'node:os';
import { z } from 'zod';
import type { Targets } from '../../kit/targets.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path, as in /srv/data');

const measuredHost = z.strictObject(
  {
    /** The label `target` of its series; the computer's own name when left out. */
    name: z.string().min(1).optional(),
    /** File systems to measure besides the local ones, such as one on a file server. */
    mountpoints: z.array(absolutePath).max(20).default([]),
  },
  {
    error: ({ code }) =>
      code === 'invalid_type' ? 'must be true, false, or {name, mountpoints}' : undefined,
  },
);

/** `exporter.host`: true or a section measures the computer that the exporter runs on. */
export const hostSection = z.union([measuredHost, z.boolean()]).default(false);

/** What is measured of the computer, and under which name. */
export interface HostConfig {
  name: string;
  mountpoints: readonly string[];
}

/** The section with its defaults filled in; undefined where nothing is measured. */
export function hostConfig(section: z.output<typeof hostSection>): HostConfig | undefined {
  if (section === false) return undefined;
  const { name, mountpoints } = section === true ? { mountpoints: [] } : section;
  return { name: name ?? hostname(), mountpoints };
}

/** A host that is called like a target would mix its series with those of the target. */
export function hostProblems(section: z.output<typeof hostSection>, targets: Targets): ExtraProblem[] {
  const name = hostConfig(section)?.name;
  if (name === undefined || !Object.hasOwn(targets, name)) return [];
  const message = `the host is called "${name}", as a target is; give it another name: host: {name: ${name}-host}`;
  return [{ path: ['exporter', 'host'], message }];
}
