import type { Experiment } from './experiment.ts';
import { type PlannedActivity, planOfExperiment, type Strategies } from './plan-experiment.ts';
import { isRecord, pythonText } from './python-values.ts';

/** The plan of an experiment as a person reads it. */
export function describeExperiment(experiment: Experiment, strategies: Strategies): string {
  const { configuration, hypothesis, method, rollbacks, notes } = planOfExperiment(experiment, strategies);
  const line = (activity: PlannedActivity) => `  - ${inWords(activity)}`;
  const probes = hypothesis.probes.map(
    (probe) => `${line(probe)}\n      must be: ${JSON.stringify(probe.tolerance)}`,
  );
  const asked = configuration.map((activity) => `  - ${activity.of}: ${inWords(activity)}`);
  const sections: [string, string[]][] = [
    ['Asked for the configuration, before anything else', asked],
    [`Steady state: ${hypothesis.title ?? 'none'} (${hypothesis.strategy})`, probes],
    ['Method', method.map(line)],
    [`Rollbacks (${rollbacks.strategy})`, rollbacks.activities.map(line)],
    ['Notes', notes.map((note) => `  - ${note}`)],
  ];
  const shown = sections.filter(([, lines]) => lines.length > 0);
  return [
    `${experiment.title}: an experiment of Chaos Toolkit`,
    ...shown.flatMap(([title, lines]) => [title, ...lines]),
    '',
  ].join('\n');
}

function inWords(activity: PlannedActivity): string {
  const { type, name, pauses, background, timeoutSeconds } = activity;
  const what =
    activity.provider === 'http'
      ? `${activity.method} ${activity.url}`
      : `runs ${[activity.path, ...argumentsInWords(activity.arguments)].join(' ')}`;
  const extras = [
    background ? 'in the background' : undefined,
    pauses?.before ? `${pauses.before} s of pause before` : undefined,
    pauses?.after ? `${pauses.after} s of pause after` : undefined,
    timeoutSeconds ? `at most ${[timeoutSeconds].flat().join(' and ')} s` : undefined,
  ].filter((extra) => extra !== undefined);
  return `${type} ${name}: ${what}${extras.length > 0 ? ` (${extras.join(', ')})` : ''}`;
}

function argumentsInWords(given: unknown): string[] {
  if (typeof given === 'string') return [given, '(read by /bin/sh)'];
  return (isRecord(given) ? Object.entries(given).flat() : Array.isArray(given) ? given : []).map(pythonText);
}
