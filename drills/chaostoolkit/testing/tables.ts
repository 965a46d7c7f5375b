import { readFileSync } from 'node:fs';
import type { Tolerance } from '../activity-schema.ts';

/** What Chaos Toolkit itself has made of an input; `ERROR` where it threw. See testdata/record.py. */
interface Recorded {
  theirs: unknown;
}

/** Inputs of single functions, with what Chaos Toolkit makes of them. */
export interface Tables {
  jsonpath: { document: unknown; cases: ({ path: string } & Recorded)[] };
  regex: ({ pattern: string; text: string } & Recorded)[];
  tolerance: ({ tolerance: Tolerance; value: unknown; configuration?: Record<string, unknown> } & Recorded)[];
  substitution: ({
    data: unknown;
    configuration: Record<string, unknown>;
    secrets: Record<string, unknown>;
  } & Recorded)[];
  configuration: ({
    configuration: Record<string, unknown>;
    env: Record<string, string>;
    vars: Record<string, unknown>;
  } & Recorded)[];
  validation: ({ case: string; experiment: unknown } & Recorded)[];
}

export const readTables = (): Tables =>
  JSON.parse(readFileSync(new URL('../testdata/tables.json', import.meta.url), 'utf8')) as Tables;

/** The result of a function, or `ERROR` where it throws: as the tables have it. */
export function outcome<T>(run: () => T): T | 'ERROR' {
  try {
    return run();
  } catch {
    return 'ERROR';
  }
}
