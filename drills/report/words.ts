import type { Report } from './schema.ts';

/** How a verdict is said. */
export const verdictWords: Record<
  Report['verdict'],
  { title: string; lamp: 'green' | 'red' | 'amber' | 'off' }
> = {
  passed: { title: 'Passed', lamp: 'green' },
  failed: { title: 'Failed', lamp: 'red' },
  aborted: { title: 'Aborted', lamp: 'amber' },
  'not-run': { title: 'Not run', lamp: 'off' },
};

/** How a cause is called. */
export const causeWords: Record<Report['run']['cause'], string> = {
  'third-party': 'Third party',
  database: 'Database',
  release: 'Release',
  hardware: 'Hardware',
  network: 'Network',
  load: 'Load',
};

/** How the parts of the score are called. */
export const partWords: Record<string, string> = {
  hypothesisBefore: 'Steady before',
  alerts: 'Alerts in time',
  runbook: 'Runbook healed',
  hypothesisDuring: 'Steady during',
  load: 'Users served',
  production: 'Production intact',
  recovery: 'Recovered in time',
  hypothesisAfter: 'Steady after',
  residue: 'Hit, and nothing left',
};

const ends: Record<string, string> = {
  time: 'ended by time',
  runbook: 'lifted by the runbook',
  guardrail: 'lifted by a guardrail',
  signal: 'lifted when the drill was stopped',
  watchdog: 'lifted by the watchdog',
  lease: 'ended with its lease',
};

/** How a fault came to its end. */
export const endOf = (liftedBy: string | null): string =>
  liftedBy === null ? 'never lifted' : (ends[liftedBy] ?? `lifted by ${liftedBy}`);
