import type { Failure, FinalOutcome, StoredRun, StoredStep } from '../store/run.ts';

/** What the engine must know of one step of a runbook to decide what comes next. */
export interface StepRules {
  step: string;
  /** Whether it may be carried out again although it may have taken effect. */
  repeatable: boolean;
  /** How often a failure is tried again, and after how long. */
  retries: number;
  waitMs: number;
  hasUndo: boolean;
}

/** What it must know of the whole runbook. */
export interface RunRules {
  /** Whether conditions say first that there is anything to do. */
  asksFirst: boolean;
  steps: readonly StepRules[];
}

/** What is on the disk of the run itself. */
export type Standing = Pick<StoredRun, 'need' | 'onceNeeded' | 'failure'>;

/** What is known of an attempt. */
export type StepFact = Pick<StoredStep, 'position' | 'phase' | 'attempt' | 'outcome' | 'touched' | 'summary'>;

/** What comes next in a run. Positions count from 0. */
export type Move =
  | { kind: 'ask-need' }
  | { kind: 'ask-people'; reason: string }
  | { kind: 'do' | 'undo'; position: number; attempt: number; afterMs: number }
  | { kind: 'verify' }
  | { kind: 'turn-back'; failure: Failure }
  | { kind: 'end'; outcome: FinalOutcome; reason: string };

/** So often the process may die in the middle of one step before a person gets it: perhaps the step is what kills it. */
const mostInterruptions = 3;
/** An undo that fails is tried once more, then the next ones are carried out. */
const undoFailures = 2;

/**
 * What comes next, from nothing but what is on the disk: so a crash is answered by asking again. Nothing here is running: an
 * attempt whose process died says `interrupted`.
 */
export function nextMove(
  { asksFirst, steps }: RunRules,
  facts: readonly StepFact[],
  { need, onceNeeded, failure }: Standing,
): Move {
  if (failure) return nextBack(steps, facts, failure);
  if (asksFirst && need === null) return { kind: 'ask-need' };
  if (need?.applies === false) return { kind: 'end', outcome: 'not-needed', reason: need.said };
  if (onceNeeded?.state === 'handed-off')
    return { kind: 'end', outcome: 'handed-off', reason: onceNeeded.reason };
  if (onceNeeded) return { kind: 'ask-people', reason: onceNeeded.reason };
  return nextForward(steps, facts);
}

function nextForward(rules: readonly StepRules[], facts: readonly StepFact[]): Move {
  for (const [position, rule] of rules.entries()) {
    const attempts = attemptsAt(facts, position, 'do');
    const last = attempts.at(-1);
    if (!last) return { kind: 'do', position, attempt: 1, afterMs: 0 };
    if (last.outcome !== 'succeeded') return afterFailure(rule, attempts, last);
  }
  return { kind: 'verify' };
}

function afterFailure(rule: StepRules, attempts: readonly StepFact[], last: StepFact): Move {
  const again = { kind: 'do' as const, position: last.position, attempt: last.attempt + 1, afterMs: 0 };
  const mayRepeat = rule.repeatable || attempts.every(({ touched }) => touched === 0);
  if (last.outcome === 'interrupted') {
    if (mayRepeat && count(attempts, 'interrupted') <= mostInterruptions) return again;
    const reason = `interrupted: ${last.summary}; ${rule.step} may have taken effect`;
    return { kind: 'turn-back', failure: { outcome: 'handed-off', reason } };
  }
  if (last.outcome === 'failed' && mayRepeat && count(attempts, 'failed') <= rule.retries)
    return { ...again, afterMs: rule.waitMs };
  const outcome = last.outcome === 'refused' ? 'refused' : 'failed';
  return { kind: 'turn-back', failure: { outcome, reason: last.summary } };
}

/** Whether it may have changed something. */
const acted = (attempts: readonly StepFact[]): boolean => attempts.some(({ touched }) => touched !== 0);

function nextBack(rules: readonly StepRules[], facts: readonly StepFact[], failed: Failure): Move {
  const undone: string[] = [];
  const left: string[] = [];
  for (const [position, rule] of [...rules.entries()].toReversed()) {
    const attempts = attemptsAt(facts, position, 'do');
    if (!acted(attempts)) continue;
    const name = `step ${position + 1} (${rule.step})`;
    if (!rule.hasUndo) {
      left.push(`${name} has no undo`);
      continue;
    }
    const undos = attemptsAt(facts, position, 'undo');
    const last = undos.at(-1);
    if (last?.outcome === 'succeeded') undone.push(name);
    else if (count(undos, 'interrupted') > mostInterruptions || failures(undos) >= undoFailures)
      left.push(`the undo of ${name} failed: ${last?.summary ?? ''}`);
    else return { kind: 'undo', position, attempt: (last?.attempt ?? 0) + 1, afterMs: 0 };
  }
  return end(failed, undone, left);
}

/** Half taken back is for a person to look at; so is what was interrupted, whose effect nobody knows. */
function end({ outcome, reason }: Failure, undone: readonly string[], left: readonly string[]): Move {
  const parts = [reason];
  if (undone.length > 0) parts.push(`taken back: ${undone.join(', ')}`);
  if (left.length > 0 && (undone.length > 0 || left.some((text) => text.startsWith('the undo'))))
    return {
      kind: 'end',
      outcome: 'handed-off',
      reason: [...parts, `not taken back: ${left.join('; ')}`].join('; '),
    };
  if (undone.length > 0) return { kind: 'end', outcome: 'compensated', reason: parts.join('; ') };
  return { kind: 'end', outcome, reason };
}

const attemptsAt = (facts: readonly StepFact[], position: number, phase: 'do' | 'undo'): StepFact[] =>
  facts.filter((fact) => fact.position === position && fact.phase === phase);

const count = (attempts: readonly StepFact[], outcome: StepFact['outcome']): number =>
  attempts.filter((attempt) => attempt.outcome === outcome).length;

const failures = (attempts: readonly StepFact[]): number =>
  count(attempts, 'failed') + count(attempts, 'refused');
