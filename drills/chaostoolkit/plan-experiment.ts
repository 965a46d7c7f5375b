import type { Activity, Reference } from './activity-schema.ts';
import { type Experiment, type HypothesisStrategy, type RollbackStrategy, resolve } from './experiment.ts';
import { isRecord } from './python-values.ts';
import { notesOf } from './walk.ts';

export interface Strategies {
  hypothesis: HypothesisStrategy;
  rollbacks: RollbackStrategy;
}

/** Everything an experiment would do, for programs; does nothing. Secrets stand in it as the names that are written for them. */
export function planOfExperiment(experiment: Experiment, strategies: Strategies) {
  const planned = (entry: Activity | Reference) => plannedActivity(resolve(entry, experiment), entry);
  const hypothesis = experiment['steady-state-hypothesis'];
  const dynamic = Object.entries(experiment.configuration ?? {}).flatMap(([name, entry]) =>
    isRecord(entry) && entry.type === 'probe'
      ? [{ ...plannedActivity(entry as Activity, {}), of: name }]
      : [],
  );
  return {
    experiment: experiment.title,
    /** Asked before anything else, each for the value that it is `of`. */
    configuration: dynamic,
    hypothesis: {
      title: hypothesis?.title ?? null,
      strategy: strategies.hypothesis,
      probes: (hypothesis?.probes ?? []).map((probe) => ({ ...planned(probe), tolerance: probe.tolerance })),
    },
    method: experiment.method.map(planned),
    rollbacks: { strategy: strategies.rollbacks, activities: (experiment.rollbacks ?? []).map(planned) },
    notes: notesOf(experiment),
  };
}

export type PlannedActivity = ReturnType<typeof plannedActivity>;

function plannedActivity(
  { type, name, provider, pauses }: Activity,
  { background = false }: { background?: boolean | undefined },
) {
  const { timeout = null } = provider;
  const call =
    provider.type === 'http'
      ? { provider: 'http' as const, method: (provider.method ?? 'GET').toUpperCase(), url: provider.url }
      : { provider: 'process' as const, path: provider.path, arguments: provider.arguments ?? null };
  return { type, name, ...call, timeoutSeconds: timeout, background, pauses: pauses ?? null };
}
