import { z } from 'zod';

/**
 * An undo is data, so that another process can carry it out after the one that broke something is dead.
 * It names targets of andon.yaml and never holds a secret.
 */
export const undoSchema = z.discriminatedUnion('kind', [
  /** End every session on a PostgreSQL target that carries this application name. */
  z.strictObject({
    kind: z.literal('postgres.end-sessions'),
    target: z.string(),
    applicationName: z.string(),
  }),
  /** Take back what this holder has cut on a link. */
  z.strictObject({ kind: z.literal('link.restore'), target: z.string(), holder: z.string() }),
  /** End every process whose environment holds `ANDON_MARK=<mark>`. */
  z.strictObject({ kind: z.literal('process.end-marked'), mark: z.string() }),
  /** Give the runbook service back its freedom to act. */
  z.strictObject({ kind: z.literal('runbooks.release-hold'), url: z.string(), holder: z.string() }),
]);

export type Undo = z.infer<typeof undoSchema>;
