import { z } from 'zod';
import { listenAddress } from '../kit/listen-address.ts';
import { person } from './people/people.ts';
import { releasesSection } from './releases/config.ts';
import { repairsSection } from './repairs/config.ts';
import { snapshotSetSection } from './snapshots/config.ts';

const setName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in mes-config');

/** `runbooks:` in andon.yaml. */
export const runbooksSection = z.strictObject({
  /** Where `andon runbook serve` listens. */
  listen: listenAddress.prefault('127.0.0.1:9467'),
  /** What Alertmanager and programs must send as `Authorization: Bearer …`. */
  token: z.string().min(16, 'must have at least 16 characters: who knows it can end database sessions'),
  /** With it, programs that cannot keep a token secret on the way sign what they send instead. */
  hmac_secret: z.string().min(32, 'must have at least 32 characters').optional(),
  /** Who may approve, each with a token of their own. */
  people: z
    .array(person)
    .default([])
    .superRefine((people, context) => {
      for (const key of ['name', 'token'] as const)
        for (const [index, one] of people.entries())
          if (people.findIndex((other) => other[key] === one[key]) < index)
            context.addIssue({ code: 'custom', path: [index, key], message: `two people have this ${key}` });
    }),
  /** Where people reach this service, for the links in messages. */
  public_url: z.url().optional(),
  /** `andon notify serve`, which is told what a person must decide. */
  notify: z.strictObject({ url: z.url(), token: z.string().min(1) }).optional(),
  /** The folder whose programs a `script` step may start; none when left out. */
  scripts: z.string().min(1).optional(),
  /** Alerts and runs (SQLite). */
  store: z.string().min(1).default('.andon/runbooks.sqlite'),
  /** The hash-chained audit log (NDJSON). */
  audit: z.string().min(1).default('.andon/runbook-audit.ndjson'),
  /** Your own runbooks, *.yaml; one with the id of a shipped one takes its place. */
  folder: z.string().min(1).optional(),
  /** Folders that can be copied and brought back. */
  snapshots: z.record(setName, snapshotSetSection).default({}),
  /** How new versions are released; without it `andon release` does nothing. */
  releases: releasesSection.optional(),
  /** How differences that a comparison finds are repaired, each under a name. */
  repairs: repairsSection,
});

export type RunbooksConfig = z.output<typeof runbooksSection>;
