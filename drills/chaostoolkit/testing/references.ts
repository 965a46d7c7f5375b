import { readdirSync, readFileSync } from 'node:fs';
import type { ActivityRun, ExperimentJournal, SteadyState } from '../journal.ts';
import { isRecord } from '../python-values.ts';

/** What is compared of a run: its times, its computer and the headers of answers are not. */
export interface Stripped {
  exit: number;
  status: string | null;
  deviated: boolean;
  before: StrippedState | null;
  after: StrippedState | null;
  /** What the checks beside the method came to, each result once. */
  during: (boolean | null)[];
  run: StrippedRun[];
  rollbacks: StrippedRun[];
}

interface StrippedRun {
  name: unknown;
  status: string | undefined;
  output: unknown;
  tolerance_met?: boolean;
}

interface StrippedState {
  met: boolean | null;
  probes: StrippedRun[];
}

/** An experiment, and how Chaos Toolkit has run it (testdata/record.py). */
export interface ReferenceRun {
  name: string;
  options: string[];
  experiment: { configuration?: Record<string, unknown> };
  theirs: Stripped;
}

const folder = new URL('../testdata/reference/', import.meta.url);

export const readReferences = (): ReferenceRun[] =>
  readdirSync(folder)
    .toSorted()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Omit<ReferenceRun, 'name'>),
    }));

export const stripped = (exit: number, journal: ExperimentJournal): Stripped => ({
  exit,
  status: journal.status,
  deviated: journal.deviated,
  before: strippedState(journal.steady_states.before),
  after: strippedState(journal.steady_states.after),
  during: [...new Set(journal.steady_states.during.map((state) => state.steady_state_met))].toSorted(),
  run: journal.run.map(strippedRun),
  rollbacks: journal.rollbacks.map(strippedRun),
});

const strippedState = (state: SteadyState | null): StrippedState | null =>
  state && { met: state.steady_state_met, probes: state.probes.map(strippedRun) };

const strippedRun = ({ activity, status, output, tolerance_met }: ActivityRun): StrippedRun => ({
  name: activity.name,
  status,
  output: strippedOutput(output),
  ...(tolerance_met === undefined ? {} : { tolerance_met }),
});

function strippedOutput(output: unknown): unknown {
  if (!isRecord(output) || !isRecord(output.headers)) return output;
  const type = Object.entries(output.headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return { status: output.status, type: type ?? null, body: output.body };
}
