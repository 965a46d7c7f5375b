import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, UsageError } from '../../kit/errors.ts';
import { listenAddress } from '../../kit/listen-address.ts';
import { type ExtraProblem, parseYaml } from '../../kit/yaml-file.ts';

/** What `andon links` runs: where its control API listens, and its links. */
export const linksConfigSchema = z.strictObject({
  /** Address of the control API. It has no password: keep it on the loopback. */
  listen: listenAddress,
  links: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.-]+$/, 'must be letters, digits, ".", "_" or "-"'),
        /** Where clients connect to. */
        listen: listenAddress,
        /** Where their bytes go. */
        upstream: listenAddress,
        /** `http` where they are requests that can be made to fail one by one; bytes (`tcp`) when left out. */
        protocol: z.enum(['tcp', 'http']).optional(),
      }),
    )
    .min(1),
});

export type LinksConfig = z.output<typeof linksConfigSchema>;

/** Reads a links file (JSON is YAML too); throws one error that names every mistake in it. */
export function readLinksConfig(file: string): LinksConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError('links.unreadable', `${file} cannot be read: ${messageOf(cause)}`, {
      mend: 'Name the file of the links: andon links --config FILE',
    });
  }
  return parseYaml(file, text, linksConfigSchema, { extra: takenNames });
}

function takenNames({ links }: LinksConfig): ExtraProblem[] {
  return links.flatMap(({ name }, index) =>
    links.findIndex((other) => other.name === name) === index
      ? []
      : [{ path: ['links', index, 'name'], message: `the name "${name}" is taken by an earlier link` }],
  );
}
