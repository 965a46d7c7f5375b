import { z } from 'zod';
import { duration } from '../../kit/duration.ts';

const argv = z.array(z.string()).min(1, 'must be a program and its arguments, as a list');
const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in firewall-rules');

/** Settings that are no file: a program prints them, another one takes them back. No shell is ever involved. */
const settingsCommand = z.strictObject({
  /** What it prints is kept. It must print the same as long as the settings are the same. */
  capture: argv,
  /** Is given that text on its standard input, and makes it so; it may be done twice. Without it a rollback only says that they differ. */
  restore: argv.optional(),
  timeout: duration.prefault('30s'),
});

/** A database whose tables belong to these settings. A rollback that does not fit its tables is refused, unless a person wants them taken back. */
const databaseGuard = z.strictObject({
  /** A postgres or mysql target. */
  target: z.string().min(1),
  /** A read-only query whose first column names the migrations that are applied, oldest first. */
  applied: z.string().min(1),
  /** The folder with the steps back: `<migration>.sql`. */
  down: z.string().min(1),
  /** How long one step back may take. */
  timeout: duration.prefault('60s'),
});

/** One set under `runbooks.snapshots` in andon.yaml. */
export const snapshotSetSection = z.strictObject({
  folder: z.string().min(1),
  /** Where the copies are kept; `.andon/snapshots/<name>` when left out. */
  store: z.string().min(1).optional(),
  /** So many of the newest snapshots are kept, … */
  keep: z.int().min(2, 'must be at least 2: the last one, and the state before a rollback').default(20),
  /** … and older ones also while they are younger than this. */
  keep_for: duration.optional(),
  commands: z.record(name, settingsCommand).default({}),
  database: databaseGuard.optional(),
});
export type SettingsCommand = z.output<typeof settingsCommand> & { name: string };
