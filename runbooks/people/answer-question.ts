import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { AuditLog } from '../audit/audit.ts';
import { closeRun } from '../engine/close-run.ts';
import type { Approval } from '../store/approvals.ts';
import type { StoredRun } from '../store/run.ts';
import type { RunStore } from '../store/store.ts';
import { askedKey, tellOver } from './hand-off.ts';
import type { Person } from './people.ts';

/** A person's answer to what was asked about a run. */
export interface Answer {
  runId: number;
  /** 0: the whole run; else the step that asks. */
  position: number;
  /** The plan that the person has seen: another one is not agreed to. */
  planHash: string;
  decision: 'approved' | 'rejected';
  person: Pick<Person, 'name' | 'roles'>;
}

export type AnswerResult = { ok: true } | { ok: false; code: AnswerRefusal; reason: string };
export type AnswerRefusal = 'unknown' | 'decided' | 'expired' | 'requester' | 'role' | 'plan';

interface AnswerDeps {
  store: RunStore;
  audit: AuditLog;
  clock: Clock;
  log: Log;
}

/**
 * Takes a decision: of another person than the one who began the run, with one of the roles that were asked, in time, and on the very
 * plan that is asked about. It is on the audit log before it counts, and so is what was refused.
 */
export function answerQuestion(answer: Answer, deps: AnswerDeps): AnswerResult {
  const { store, audit, clock } = deps;
  const { runId, position, decision, person } = answer;
  const now = clock.now();
  const about = { run: runId, position, decision, by: person.name };
  const refusal = whyRefused(answer, store.approvals.get(runId, position), store.stored(runId), now);
  if (refusal) {
    audit.append('approval.refused', { ...about, code: refusal.code, reason: refusal.reason });
    return { ok: false, ...refusal };
  }
  audit.append('approval.decided', { ...about, plan_hash: answer.planHash });
  const taken = store.transaction(() => {
    if (!store.approvals.decide(runId, position, decision, person.name, now)) return false;
    tellOver(store, runId, askedKey(position), now);
    if (position === 0 && decision === 'approved') store.makeReady(runId, now);
    return true;
  });
  if (!taken)
    return { ok: false, code: 'decided', reason: 'it was decided or its time was over a moment ago' };
  const run = store.stored(runId);
  if (position === 0 && decision === 'rejected' && run)
    closeRun(run, null, { outcome: 'refused', reason: `rejected by ${person.name}` }, deps);
  return { ok: true };
}

function whyRefused(
  { planHash, person }: Answer,
  asked: Approval | undefined,
  run: Pick<StoredRun, 'finishedAt'> | undefined,
  now: number,
): { code: AnswerRefusal; reason: string } | undefined {
  const say = (code: AnswerRefusal, reason: string) => ({ code, reason });
  if (!asked) return say('unknown', 'nobody is asked that');
  if (asked.decision !== null) return say('decided', `it was ${asked.decision} already`);
  if (run?.finishedAt !== null) return say('expired', 'the run has ended without it');
  if (asked.expiresAt <= now) return say('expired', 'its time is over');
  if (asked.requester === person.name) return say('requester', 'whoever asks for a run does not approve it');
  if (!person.roles.some((role) => asked.roles.includes(role)))
    return say('role', `it takes one of the roles ${asked.roles.join(', ')}`);
  if (asked.planHash !== planHash)
    return say('plan', 'the plan that was seen is not the plan that is asked about');
  return undefined;
}
