import type { Expectations, Facts } from '../expectations.ts';
import { between, seconds } from '../numbers.ts';
import type { Finding } from '../schema.ts';

/** The expected runbook, when it did not run, did not end well or took too long. */
export function runbookFindings({ runbooks, alerts }: Facts, { runbook }: Expectations): Finding[] {
  if (!runbook) return [];
  const runs = runbooks.filter(({ name }) => name === runbook.name);
  const ran = runs.find(({ outcome }) => outcome === 'succeeded') ?? runs.at(-1);
  if (!ran || ran.startedAt === null) return [didNotRun(runbook.name, ran?.outcome)];
  if (ran.outcome !== 'succeeded') return [endedBadly(runbook.name, ran.outcome)];
  const delivered = alerts.find(({ alert }) => alert === ran.alert)?.deliveredAt;
  if (!delivered || !ran.finishedAt) return [];
  const took = between(delivered, ran.finishedAt);
  return took * 1000 > runbook.within ? [tookTooLong(runbook.name, took, runbook.within / 1000)] : [];
}

const didNotRun = (name: string, outcome: string | undefined): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} did not run${outcome === undefined ? '' : ` (it was ${outcome})`}.`,
  cause: 'Its alert did not reach the runbook service, or no runbook is bound to it.',
  fix: 'Check that `andon runbook serve` is up, that Alertmanager’s receiver carries its token, and that `andon runbook list` shows it for this alert.',
});

const endedBadly = (name: string, outcome: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} ran and ended as “${outcome}”.`,
  cause: 'A step could not do its work, or the runbook judged that a person must decide.',
  fix: 'Read its run in the runbook service’s audit log, step by step; `andon runbook plan` shows what it would do now.',
});

const tookTooLong = (name: string, took: number, limit: number): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} was done ${seconds(took)} after the alert was delivered; the limit is ${seconds(limit)}.`,
  cause: 'One of its steps waits too long.',
  fix: 'Look in its audit log which step took longest, and shorten its timeout or its verification.',
});
