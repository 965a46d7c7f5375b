import { isoTime } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Activity, Provider, Reference } from './activity-schema.ts';
import type { Place } from './events.ts';
import { callHttp } from './http-provider.ts';
import type { ActivityRun } from './journal.ts';
import { runProcess } from './process-provider.ts';
import { isRecord } from './python-values.ts';
import { activityOf, isDry, type Stage } from './stage.ts';
import { substitute } from './substitute.ts';

export interface ActivityWish {
  entry: Activity | Reference;
  place: Place;
  /** Where it is noted down before it begins. */
  runs: ActivityRun[];
}

/** Carries out one activity with its pauses. Never throws: what fails, or is stopped, is a failed activity. */
export async function executeActivity(
  stage: Stage,
  { entry, place, runs }: ActivityWish,
  signal: AbortSignal,
): Promise<ActivityRun> {
  const activity = activityOf(stage, entry);
  const pauses = substitute(activity.pauses ?? {}, stage.variables) as { before?: unknown; after?: unknown };
  await pause(stage, activity, pauses.before, signal);
  const startedAt = stage.clock.now();
  const run: ActivityRun = {
    activity: stage.keeper.shown(activity),
    output: null,
    start: isoTime(startedAt),
  };
  runs.push(run);
  if (place !== 'during') stage.keeper.save();
  const { name, type: kind } = activity;
  stage.tell({ type: 'activity-started', place, name, kind, background: entry.background === true });
  try {
    if (!isDry(activity, stage.dry)) {
      const lingering = entry.background === true || activity.background === true;
      run.output = (await perform(stage, activity.provider, { lingering }, signal)) ?? null;
    }
    run.status = 'succeeded';
  } catch (error) {
    run.status = 'failed';
    run.exception = [`ActivityFailed: ${messageOf(signal.aborted ? signal.reason : error)}\n`];
  }
  const endedAt = stage.clock.now();
  run.end = isoTime(endedAt);
  run.duration = (endedAt - startedAt) / 1000;
  if (place !== 'during') stage.keeper.save();
  stage.tell({ type: 'activity-finished', place, name, run });
  await pause(stage, activity, pauses.after, signal);
  return run;
}

/** Asks a provider. Throws when it fails. */
export async function perform(
  { variables, place, processes }: Pick<Stage, 'variables' | 'place' | 'processes'>,
  provider: Provider,
  { lingering }: { lingering: boolean },
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted();
  if (provider.type === 'http') return callHttp(provider, variables, signal);
  return runProcess(provider, { variables, place, processes, lingering }, signal);
}

/** A stop ends a pause; what follows it sees the stop by itself. */
async function pause(stage: Stage, activity: Activity, seconds: unknown, signal: AbortSignal): Promise<void> {
  const ms = Number(seconds ?? 0) * 1000;
  if (!(ms > 0) || (activity.dry ?? stage.dry) === 'pause' || isDry(activity, stage.dry)) return;
  try {
    await stage.clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What a failed or doubtful end of an activity is worth telling a person: exit codes and statuses that nobody judges. */
export function doubtOf({ output }: ActivityRun): string | undefined {
  if (!isRecord(output) || typeof output.status !== 'number') return undefined;
  if ('stdout' in output) return output.status === 0 ? undefined : `ended with status ${output.status}`;
  return output.status > 399 ? `answered with status ${output.status}` : undefined;
}
