import type { Activity, Provider, Reference } from './activity-schema.ts';
import type { Experiment } from './experiment.ts';
import { isRecord } from './python-values.ts';

/** A provider that a run may ask, and what it belongs to. */
export interface FoundProvider {
  of: string;
  provider: Provider;
}

/** Everything of the experiment that is an activity itself: what a `ref` names is counted where it stands. */
export function activitiesOf(experiment: Experiment): Activity[] {
  const dynamic = Object.values(experiment.configuration ?? {}).filter(isDynamic);
  const listed: (Activity | Reference)[] = [
    ...(experiment['steady-state-hypothesis']?.probes ?? []),
    ...experiment.method,
    ...(experiment.rollbacks ?? []),
  ];
  return [...dynamic, ...listed.filter((entry): entry is Activity => 'provider' in entry)];
}

/** Every provider, those of tolerances included. */
export function providersOf(experiment: Experiment): FoundProvider[] {
  const asked = (experiment['steady-state-hypothesis']?.probes ?? []).flatMap(({ tolerance }) =>
    isRecord(tolerance) && tolerance.type === 'probe'
      ? [{ of: `the tolerance ${tolerance.name}`, provider: tolerance.provider as Provider }]
      : [],
  );
  return [...activitiesOf(experiment).map(({ name, provider }) => ({ of: name, provider })), ...asked];
}

const isDynamic = (entry: unknown): entry is Activity => isRecord(entry) && entry.type === 'probe';

/** What a person should know of an experiment before it runs: what is in it and has no effect here. */
export function notesOf(experiment: Experiment): string[] {
  const notes: string[] = [];
  const hypothesis = experiment['steady-state-hypothesis'];
  const controls = [experiment, hypothesis, ...activitiesOf(experiment)].map((holder) => holder?.controls);
  if (controls.some((list) => Array.isArray(list) && list.length > 0))
    notes.push('controls are Python code and are not run here');
  for (const { of, provider } of providersOf(experiment)) {
    if (provider.type === 'http' && provider.expected_status !== undefined)
      notes.push(`${of}: expected_status is judged by nobody, as in Chaos Toolkit; write a tolerance`);
    if (provider.type === 'process' && typeof provider.arguments === 'string' && provider.arguments !== '')
      notes.push(`${of}: its arguments are one text, which /bin/sh reads; write a list to go without`);
  }
  for (const entry of [...experiment.method, ...(experiment.rollbacks ?? [])])
    if (entry.tolerance !== undefined)
      notes.push(
        `${entry.ref ?? entry.name}: a tolerance outside the hypothesis is judged by nobody, as in Chaos Toolkit`,
      );
  return notes;
}
