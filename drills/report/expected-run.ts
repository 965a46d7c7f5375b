import type { Report } from './schema.ts';

type RunbookRun = Report['runbooks'][number];

/** The run that counts of a runbook that was expected: the one that succeeded, else the last that began, else the last. */
export function expectedRun(runbooks: Report['runbooks'], name: string): RunbookRun | undefined {
  const runs = runbooks.filter((run) => run.name === name);
  return (
    runs.find(({ outcome }) => outcome === 'succeeded') ??
    runs.findLast(({ startedAt }) => startedAt !== null) ??
    runs.at(-1)
  );
}

/** When the alert that began it was delivered (ISO 8601). */
export const deliveryOf = ({ alert }: RunbookRun, alerts: Report['alerts']): string | null =>
  alerts.find((known) => known.alert === alert)?.deliveredAt ?? null;
