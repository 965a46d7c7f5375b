import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { MigrationGuard } from './set.ts';

/** What takes one migration back: a file of the set's folder of down steps. */
export interface DownStep {
  migration: string;
  file: string;
  sql: string;
}

/** The step back of a migration, from `<migration>.sql`; undefined where there is none. */
export function downStep({ down }: MigrationGuard, migration: string): DownStep | undefined {
  // It comes from a database and becomes part of a path.
  if (!/^\w[\w.+ -]*$/.test(migration)) return undefined;
  const file = path.join(down, `${migration}.sql`);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  return { migration, file, sql: readFileSync(file, 'utf8') };
}
