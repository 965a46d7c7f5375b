import type { Activity, Reference } from './activity-schema.ts';
import { type Experiment, type HypothesisStrategy, type RollbackStrategy, resolve } from './experiment.ts';
import { isRecord, pythonText } from './python-values.ts';
import { notesOf } from './walk.ts';

/** Everything an experiment would do, as text; does nothing. Secrets stand in it as the names that are written for them. */
export function describeExperiment(
  experiment: Experiment,
  strategies: { hypothesis: HypothesisStrategy; rollbacks: RollbackStrategy },
): string {
  const line = (entry: Activity | Reference) => `  - ${inWords(resolve(entry, experiment), entry)}`;
  const hypothesis = experiment['steady-state-hypothesis'];
  const probes = (hypothesis?.probes ?? []).map(
    (probe) => `${line(probe)}\n      must be: ${JSON.stringify(probe.tolerance)}`,
  );
  const dynamic = Object.entries(experiment.configuration ?? {}).flatMap(([name, entry]) =>
    isRecord(entry) && entry.type === 'probe' ? [`  - ${name}: ${inWords(entry as Activity, {})}`] : [],
  );
  const sections: [string, string[]][] = [
    ['Asked for the configuration, before anything else', dynamic],
    [`Steady state: ${hypothesis?.title ?? 'none'} (${strategies.hypothesis})`, probes],
    ['Method', experiment.method.map(line)],
    [`Rollbacks (${strategies.rollbacks})`, (experiment.rollbacks ?? []).map(line)],
    ['Notes', notesOf(experiment).map((note) => `  - ${note}`)],
  ];
  const shown = sections.filter(([, lines]) => lines.length > 0);
  return [
    `${experiment.title}: an experiment of Chaos Toolkit`,
    ...shown.flatMap(([title, lines]) => [title, ...lines]),
    '',
  ].join('\n');
}

function inWords(activity: Activity, { background }: { background?: boolean | undefined }): string {
  const { type, name, provider, pauses } = activity;
  const what =
    provider.type === 'http'
      ? `${(provider.method ?? 'GET').toUpperCase()} ${provider.url}`
      : `runs ${[provider.path, ...argumentsInWords(provider.arguments)].join(' ')}`;
  const extras = [
    background ? 'in the background' : undefined,
    pauses?.before ? `${pauses.before} s of pause before` : undefined,
    pauses?.after ? `${pauses.after} s of pause after` : undefined,
    provider.timeout ? `at most ${[provider.timeout].flat().join(' and ')} s` : undefined,
  ].filter((extra) => extra !== undefined);
  return `${type} ${name}: ${what}${extras.length > 0 ? ` (${extras.join(', ')})` : ''}`;
}

function argumentsInWords(given: unknown): string[] {
  if (typeof given === 'string') return [given, '(read by /bin/sh)'];
  return (isRecord(given) ? Object.entries(given).flat() : Array.isArray(given) ? given : []).map(pythonText);
}
