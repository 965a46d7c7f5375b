import { messageOf } from '../../kit/errors.ts';
import { doubtOf, executeActivity } from './activity.ts';
import type { Activity, Reference } from './activity-schema.ts';
import { deadlineAfter } from './deadline.ts';
import type { ExperimentOutcome } from './events.ts';
import type { HypothesisStrategy, RollbackStrategy } from './experiment.ts';
import { checkContinuously, checkHypothesis } from './hypothesis.ts';
import type { ActivityRun, ExperimentStatus, SteadyState } from './journal.ts';
import type { Stage } from './stage.ts';

export interface Strategies {
  hypothesis: HypothesisStrategy;
  rollbacks: RollbackStrategy;
  /** Between two checks beside the method. */
  frequencyMs: number;
  /** Whether a check that is missed beside the method ends it. */
  failFast: boolean;
}

/** How long a rollback without a timeout of its own may take once the run was stopped. */
const stoppedRollbackMs = 60_000;

/** What a run has come to, before its rollbacks. */
interface Course {
  status: ExperimentStatus;
  /** Whether anything may have been changed. */
  begun: boolean;
  reasons: string[];
}

/**
 * Holds the experiment: steady state, method, steady state, rollbacks. Once it is stopped by the signal, no activity begins but
 * the rollbacks; these are not stopped by it.
 */
export async function runExperiment(
  stage: Stage,
  strategies: Strategies,
  signal: AbortSignal,
): Promise<ExperimentOutcome> {
  const { keeper, tell } = stage;
  const { journal } = keeper;
  tell({ type: 'experiment-started', title: String(journal.experiment.title), dry: stage.dry ?? null });
  const course: Course = { status: 'completed', begun: false, reasons: [] };
  try {
    await steps(stage, strategies, course, signal);
  } catch (error) {
    course.status = 'aborted';
    throw error;
  } finally {
    if (signal.aborted) {
      course.status = 'interrupted';
      course.reasons.push(messageOf(signal.reason));
    }
    journal.status = course.status;
    await rollBack(stage, strategies.rollbacks, course, signal);
    keeper.finish(course.status);
  }
  const failedRollbacks = namesOf(journal.rollbacks.filter(({ status }) => status === 'failed'));
  const trouble = keeper.trouble === undefined ? [] : [keeper.trouble];
  const reasons = [
    ...course.reasons,
    ...failedRollbacks.map((name) => `rollback ${name} failed`),
    ...trouble,
  ];
  const outcome = { status: course.status, deviated: journal.deviated, reasons, failedRollbacks };
  tell({ type: 'experiment-finished', ...outcome });
  return outcome;
}

async function steps(
  stage: Stage,
  strategies: Strategies,
  course: Course,
  signal: AbortSignal,
): Promise<void> {
  const { journal } = stage.keeper;
  const { hypothesis } = strategies;
  const has = (stage.experiment['steady-state-hypothesis']?.probes ?? []).length > 0;
  const at = (...wanted: HypothesisStrategy[]) => has && wanted.includes(hypothesis);
  if (at('default', 'continuously', 'before-method-only')) {
    const before = await checkHypothesis(stage, 'before', signal);
    journal.steady_states.before = before;
    if (signal.aborted) return;
    if (!before.steady_state_met) {
      course.status = statusOf(before);
      course.reasons.push(`${missedIn(before)} before the method; the method was not run`);
      return;
    }
  }
  course.begun = true;
  await method(stage, strategies, course, at('continuously', 'during-method-only'), signal);
  for (const name of namesOf(
    journal.run.filter(({ status, activity }) => status === 'failed' && activity.type === 'action'),
  ))
    course.reasons.push(`action ${name} failed`);
  if (signal.aborted || !at('default', 'continuously', 'after-method-only')) return;
  const after = await checkHypothesis(stage, 'after', signal);
  journal.steady_states.after = after;
  if (after.steady_state_met || signal.aborted) return;
  journal.deviated = true;
  course.status = statusOf(after);
  course.reasons.push(`${missedIn(after)} after the method`);
}

/** A probe that gave no value makes the run failed; one that is not within its tolerance does not. */
const statusOf = ({ probes }: SteadyState): ExperimentStatus =>
  probes.some(({ status }) => status !== 'succeeded') ? 'failed' : 'completed';

const missedIn = ({ probes }: SteadyState): string => {
  const last = probes.at(-1);
  return `${last?.activity.name} ${last?.status === 'failed' ? 'failed' : 'was not within its tolerance'}`;
};

const namesOf = (runs: readonly ActivityRun[]): string[] => runs.map(({ activity }) => String(activity.name));

async function method(
  stage: Stage,
  { frequencyMs, failFast }: Strategies,
  course: Course,
  continuously: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { journal } = stage.keeper;
  const given = new AbortController();
  const missed = () => {
    if (failFast) given.abort();
  };
  const check = continuously ? checkContinuously(stage, { everyMs: frequencyMs, missed }, signal) : undefined;
  const isOver = () => signal.aborted || given.signal.aborted;
  try {
    await inOrder(
      stage,
      stage.experiment.method,
      { place: 'method', runs: journal.run },
      isOver,
      () => signal,
    );
  } finally {
    const found = await check?.finish();
    if (found && found.missed > 0) {
      journal.deviated = true;
      course.reasons.push(
        `the hypothesis was missed in ${found.missed} of ${found.checks} checks during the method`,
      );
    }
    if (given.signal.aborted) course.status = 'failed';
  }
}

/** One activity after the other; those in the background run beside, and are waited for at the end. */
async function inOrder(
  stage: Stage,
  entries: readonly (Activity | Reference)[],
  { place, runs }: { place: 'method' | 'rollbacks'; runs: ActivityRun[] },
  isOver: () => boolean,
  signalFor: (entry: Activity | Reference) => AbortSignal,
): Promise<void> {
  const beside: Promise<void>[] = [];
  const execute = async (entry: Activity | Reference) => {
    const run = await executeActivity(stage, { entry, place, runs }, signalFor(entry));
    const doubt = doubtOf(run);
    if (doubt !== undefined)
      stage.tell({ type: 'note', text: `${run.activity.name} ${doubt}; nothing judges that` });
  };
  try {
    for (const entry of entries) {
      if (isOver()) break;
      if (entry.background === true) beside.push(execute(entry));
      else await execute(entry);
    }
  } finally {
    await Promise.all(beside);
  }
}

async function rollBack(
  stage: Stage,
  strategy: RollbackStrategy,
  course: Course,
  signal: AbortSignal,
): Promise<void> {
  const entries = stage.experiment.rollbacks ?? [];
  if (entries.length === 0) return;
  const { played, why } = decide(strategy, course, stage.keeper.journal.deviated);
  stage.tell({ type: 'rollbacks', played, why });
  if (!played) return;
  // Their own deadlines: the signal of the run may be aborted already, and they are what puts things right.
  await using limits = new AsyncDisposableStack();
  const signalFor = () => limits.use(deadlineAfter(signal, stoppedRollbackMs)).signal;
  const runs = stage.keeper.journal.rollbacks;
  await inOrder(stage, entries, { place: 'rollbacks', runs }, () => false, signalFor);
}

function decide(
  strategy: RollbackStrategy,
  { status, begun }: Course,
  deviated: boolean,
): { played: boolean; why: string } {
  switch (strategy) {
    case 'always':
      return { played: true, why: 'always' };
    case 'never':
      return { played: false, why: 'never' };
    case 'deviated':
      return {
        played: deviated,
        why: deviated ? 'the experiment deviated' : 'the experiment did not deviate',
      };
    case 'default':
      if (begun) return { played: true, why: 'the method was begun' };
      return status === 'completed'
        ? { played: true, why: 'as in Chaos Toolkit, also where the method was not run' }
        : { played: false, why: 'the method was not begun' };
  }
}
