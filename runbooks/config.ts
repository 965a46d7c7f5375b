import { z } from 'zod';
import { listenAddress } from '../kit/listen-address.ts';

const setName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in mes-config');

/** `runbooks:` in andon.yaml. */
export const runbooksSection = z.strictObject({
  /** Where `andon runbook serve` listens. */
  listen: listenAddress.prefault('127.0.0.1:9467'),
  /** What Alertmanager and people must send as `Authorization: Bearer …`. */
  token: z.string().min(16, 'must have at least 16 characters: who knows it can end database sessions'),
  /** Alerts and runs (SQLite). */
  store: z.string().min(1).default('.andon/runbooks.sqlite'),
  /** The hash-chained audit log (NDJSON). */
  audit: z.string().min(1).default('.andon/runbook-audit.ndjson'),
  /** Your own runbooks, *.yaml; one with the id of a shipped one takes its place. */
  folder: z.string().min(1).optional(),
  /** Folders that can be copied and brought back. */
  snapshots: z
    .record(
      setName,
      z.strictObject({
        folder: z.string().min(1),
        /** Where the copies are kept; `.andon/snapshots/<name>` when left out. */
        store: z.string().min(1).optional(),
      }),
    )
    .default({}),
});

export type RunbooksConfig = z.output<typeof runbooksSection>;
