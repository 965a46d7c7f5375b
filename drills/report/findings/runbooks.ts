import type { Expectations, Facts } from '../expectations.ts';
import { deliveryOf, expectedRun } from '../expected-run.ts';
import { between, seconds } from '../numbers.ts';
import { startLimitSeconds } from '../runbook-times.ts';
import type { Finding, Report } from '../schema.ts';

type RunbookRun = Report['runbooks'][number];

/** The expected runbook, when it did not run, did not end well or took too long; and what the service was not told of the drill. */
export function runbookFindings(facts: Facts, { runbook }: Expectations): Finding[] {
  const { runbooks, alerts, proof } = facts;
  if (!runbook) return [];
  const ran = expectedRun(runbooks, runbook.name);
  const unknown = proof && !proof.delivered ? [notTold(proof)] : [];
  if (!ran) return [didNotRun(runbook.name), ...unknown];
  const delivered = deliveryOf(ran, alerts);
  const late = startedLate(ran, delivered);
  return [...endFindings(ran, runbook.within, delivered), ...late, ...unknown];
}

function endFindings(ran: RunbookRun, withinMs: number, delivered: string | null): Finding[] {
  const { name, outcome, state, startedAt, finishedAt } = ran;
  const why = ran.reason === undefined ? '' : `: ${ran.reason}`;
  if (state === 'awaiting-approval') return [waitsForPerson(name, why)];
  if (outcome === 'running') return [notEnded(name, startedAt !== null, why)];
  if (outcome === 'compensated') return [tookBack(name, why)];
  if (outcome === 'handed-off') return [handedOff(name, why)];
  if (outcome === 'not-needed') return [notNeeded(name, why)];
  if (startedAt === null) return [didNotRun(name, `${outcome}${why}`)];
  if (outcome !== 'succeeded') return [endedBadly(name, outcome, why)];
  if (!delivered || !finishedAt) return [];
  const took = between(delivered, finishedAt);
  return took * 1000 > withinMs ? [tookTooLong(ran, took, withinMs / 1000)] : [];
}

function startedLate({ name, startedAt }: RunbookRun, delivered: string | null): Finding[] {
  if (!startedAt || !delivered) return [];
  const waited = between(delivered, startedAt);
  if (waited <= startLimitSeconds) return [];
  return [
    {
      severity: 'warning',
      text: `Runbook ${name} started ${seconds(waited)} after the alert was delivered; ${seconds(startLimitSeconds)} at most is wanted.`,
      cause:
        'The service was busy or had just been restarted, another run held the same target, or Alertmanager sent the alert to it later than to the drill.',
      fix: 'See in `andon runbook history` what else ran at that time, and give both routes of Alertmanager the same group_wait (`andon alerts render` does).',
    },
  ];
}

const didNotRun = (name: string, why?: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} did not run${why === undefined ? '' : ` (it was ${why})`}.`,
  cause: 'Its alert did not reach the runbook service, no runbook is bound to it, or the service refused.',
  fix: 'Check that `andon runbook serve` is up, that Alertmanager’s receiver carries its token, and that `andon runbook list` shows it for this alert.',
});

const waitsForPerson = (name: string, why: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} healed nothing, it waits for a person${why}.`,
  cause:
    'What is not proven asks first. A drill may let it act, but its lease at the runbook service was not held when the alert came.',
  fix: 'If the alert chooses its target, and that is no target of a fault, name it in the drill (`expect: runbook: target:`). Else look in the output of the drill whether the lease was renewed, and in `andon doctor` what the runbook may do; then run the drill again.',
});

const notEnded = (name: string, began: boolean, why: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} ${began ? 'had not ended' : 'had not begun'} when the drill ended${why}.`,
  cause: began
    ? 'A step waits for a person or for something that did not come.'
    : 'Another run held the same target, or the service was stopped.',
  fix: began
    ? 'If it is a step that asks, answer it during the drill; else give the step a shorter `timeout`.'
    : 'See in `andon runbook history` what else ran; then run the drill again.',
});

const tookBack = (name: string, why: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} did not heal: it took back what it had done${why}.`,
  cause:
    'A later step or a check failed, so the earlier steps were undone; the plant is as it was before the runbook.',
  fix: 'Find the step that failed with `andon runbook history RUN`, mend it or its limit, and run the drill again.',
});

const handedOff = (name: string, why: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} did not heal: it handed over to a person${why}.`,
  cause: 'It judged that going on by itself is not safe.',
  fix: 'Do what its message says: `andon runbook history RUN` shows every step. Then run the drill again.',
});

const notNeeded = (name: string, why: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} healed nothing: it found nothing to do${why}.`,
  cause:
    'The conditions under its `applies` were not true when the alert came, so this drill proves nothing of it.',
  fix: 'Let the drill bring about what the runbook is for, or mend its `applies`; then run the drill again.',
});

const endedBadly = (name: string, outcome: string, why: string): Finding => ({
  severity: 'critical',
  text: `Runbook ${name} ran and ended as “${outcome}”${why}.`,
  cause: 'A step could not do its work, or a check did not come true.',
  fix: 'Read its run step by step with `andon runbook history RUN`; `andon runbook plan` shows what it would do now.',
});

function tookTooLong(ran: RunbookRun, took: number, limit: number): Finding {
  const { name, startedAt, healedAt, finishedAt } = ran;
  const [healing, checking] =
    startedAt && healedAt && finishedAt ? [between(startedAt, healedAt), between(healedAt, finishedAt)] : [];
  const parts =
    healing === undefined || checking === undefined
      ? ''
      : ` Its steps took ${seconds(healing)}, its checks ${seconds(checking)}.`;
  return {
    severity: 'critical',
    text: `Runbook ${name} was done ${seconds(took)} after the alert was delivered; the limit is ${seconds(limit)}.${parts}`,
    cause: 'One of its steps or checks waits too long.',
    fix: 'See with `andon runbook history RUN` which step took longest, and shorten its timeout or its verification.',
  };
}

const notTold = ({ text, passed }: NonNullable<Report['proof']>): Finding => ({
  severity: 'warning',
  text: `What this drill proved is not on record: ${text}.`,
  cause: 'The runbook service was not reachable when the drill ended, or the runbook was changed meanwhile.',
  fix: passed
    ? 'Run the drill again, or tell the service by hand; until then the runbook may have to ask a person.'
    : 'Tell the service by hand, or stop the runbooks with `andon runbook pause` until the drill passes.',
});
