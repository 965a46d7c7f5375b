import { messageOf } from '../../kit/errors.ts';
import { failSpan, withSpan } from '../../kit/tracing.ts';
import type { Condition } from '../conditions/condition.ts';
import { askedKey, tellPeople } from '../people/hand-off.ts';
import { fillParams, knownStep, timeoutOf } from '../plan.ts';
import { namedTarget } from '../resolve-target.ts';
import type { PlaceholderValues } from '../schema/placeholders.ts';
import type { StepEntry } from '../schema/steps.ts';
import type { NamedTarget, StepResult, StepWorld } from '../step.ts';
import type { Attempt } from '../store/step-records.ts';
import { firstProblem } from './checks.ts';
import { withDeadline } from './deadline.ts';
import { type Execution, totalMs, valuesOf } from './execution.ts';

/** When the run must be over, for the steps in one direction. */
export interface TimeLeft {
  endsAt: number;
  signal: AbortSignal;
}

/** Carries out one attempt at a step or at its undo: it is on record before it acts, and its result is before anything else is done. */
export function takeStep(execution: Execution, attempt: Attempt, time: TimeLeft): Promise<StepResult> {
  const { run, runbook } = execution;
  const entry = entryAt(execution, attempt);
  const attributes = () => ({ 'andon.run': String(run.id), 'andon.step': attempt.position + 1 });
  const name = `runbook ${attempt.phase === 'do' ? 'step' : 'undo'} ${entry.step}`;
  return withSpan(name, { attributes }, async (span) => {
    const { store, audit, clock } = execution.deps;
    const about = { run: run.id, ...attempt, step: entry.step };
    const acting = prepare(execution, entry, attempt);
    audit.append('step.started', { ...about, runbook: runbook.id, ...acting.onRecord });
    const { owner } = execution.deps;
    if (!store.steps.start({ runId: run.id, owner }, attempt, entry.step, clock.now()))
      throw new Error('another process has taken this run over');
    await store.turns.next();
    const result = await act(execution, entry, acting, time);
    store.steps.finish(run.id, attempt, result, clock.now());
    audit.append('step.finished', { ...about, ...result });
    span.setAttributes({ 'andon.outcome': result.outcome, 'andon.touched': result.touched ?? 'unknown' });
    if (result.outcome !== 'succeeded') failSpan(span, result.summary);
    return result;
  });
}

function entryAt({ runbook }: Execution, { position, phase }: Attempt): StepEntry & { verify: Condition[] } {
  const entry = runbook.steps[position];
  const found = phase === 'do' ? entry : entry?.undo;
  if (!found) throw new TypeError(`${runbook.id} has no ${phase} at position ${position}`);
  return found;
}

interface Acting {
  run(signal: AbortSignal): Promise<StepResult>;
  world: StepWorld;
  values: PlaceholderValues;
  onRecord: Record<string, unknown>;
}

/** Fills in the values; what cannot be filled in fails when it is carried out, so that it is on record as an attempt. */
function prepare(execution: Execution, entry: StepEntry, attempt: Attempt): Acting {
  const { run, deps } = execution;
  const step = knownStep(deps.steps, entry.step);
  const doing = deps.store.steps
    .of(run.id)
    .findLast(({ position, phase }) => position === attempt.position && phase === 'do');
  const values = valuesOf(run, attempt.phase === 'undo' ? doing : undefined);
  const world = worldOf(execution, entry, attempt);
  try {
    const params = fillParams(step, entry.with, values);
    const onRecord = { with: params, plan: step.plan(params, world) };
    return { world, values, onRecord, run: (signal) => step.run(params, world, signal) };
  } catch (error) {
    const result = { outcome: 'failed' as const, summary: messageOf(error), touched: 0, details: {} };
    return { world, values, onRecord: { with: entry.with }, run: async () => result };
  }
}

function worldOf(execution: Execution, entry: StepEntry, { position, phase }: Attempt): StepWorld {
  const { run, deps } = execution;
  const { store, clock, log, targets, snapshots, repairs, scripts, prometheus } = deps;
  const { id, runbook, actor, alert, labels } = run;
  const number = position + 1;
  return {
    target: targetOf(execution, entry),
    ...{ targets, snapshots, repairs, scripts, prometheus, clock, log, fetch: deps.fetch },
    run: { id, runbook, actor, alert, labels, position: number, phase },
    operation: `andon-${store.name}-${id}-${number}-${phase}`,
    askPeople: ({ text, roles, expiresMs }) => askPeople(execution, number, { text, roles, expiresMs }),
    tellPeople: ({ title, text, tier }) =>
      tellPeople(store, id, { kind: 'message', key: `${number}-${phase}`, title, text, tier }, clock.now()),
  };
}

function targetOf({ run, deps }: Execution, entry: StepEntry): NamedTarget | undefined {
  const name = entry.target ?? run.target;
  return name === null ? undefined : namedTarget(deps.targets, name);
}

function askPeople(
  { run, runbook, deps: { store, audit, clock } }: Execution,
  position: number,
  { text, roles, expiresMs }: Parameters<StepWorld['askPeople']>[0],
) {
  const now = clock.now();
  const { roles: known } = runbook.approval;
  const question = {
    ...{ runId: run.id, position, question: text, planHash: run.planHash, requester: run.actor },
    roles: roles.length > 0 ? roles : known,
    ...{ requestedAt: now, expiresAt: now + expiresMs },
  };
  if (store.approvals.ask(question)) {
    audit.append('approval.asked', { run: run.id, position, question: text, roles: question.roles });
    tellPeople(
      store,
      run.id,
      { kind: 'approval', key: askedKey(position), title: `${runbook.id} asks: ${text}`, text },
      now,
    );
  }
  return store.approvals.answer(run.id, position, now);
}

async function act(
  execution: Execution,
  entry: StepEntry & { verify: Condition[] },
  { run: carryOut, world, values }: Acting,
  { endsAt, signal }: TimeLeft,
): Promise<StepResult> {
  const { clock, steps } = execution.deps;
  const own = timeoutOf(knownStep(steps, entry.step), entry);
  const left = endsAt - clock.now();
  const limit =
    left < own
      ? { what: `the runbook ${execution.runbook.id}`, ms: left, saidMs: totalMs(execution) }
      : { what: `the step ${entry.step}`, ms: own };
  return withDeadline(limit, { clock, signal }, async (limited) => {
    const result = await carryOut(limited);
    return result.outcome === 'succeeded'
      ? await checked(result, entry.verify, { world, values }, limited)
      : result;
  }).catch(
    (error: unknown): StepResult => ({
      outcome: 'failed',
      summary: messageOf(error),
      touched: null,
      details: {},
    }),
  );
}

/** A step whose own checks do not come true has failed, whatever it has changed. */
async function checked(
  result: StepResult,
  conditions: readonly Condition[],
  { world, values }: Pick<Acting, 'world' | 'values'>,
  signal: AbortSignal,
): Promise<StepResult> {
  const problem = await firstProblem(conditions, { world, values }, signal);
  return problem === undefined
    ? result
    : { ...result, outcome: 'failed', summary: `${result.summary}; but ${problem}` };
}
