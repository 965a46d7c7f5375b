import { executeActivity, perform } from './activity.ts';
import type { Provider, ToleranceProbe } from './activity-schema.ts';
import type { Place } from './events.ts';
import type { SteadyState } from './journal.ts';
import { isRecord } from './python-values.ts';
import { activityOf, isDry, type Stage } from './stage.ts';
import { withinTolerance } from './tolerance.ts';

/** Asks the probes of the hypothesis one after the other, up to the first that fails or is not within its tolerance. */
export async function checkHypothesis(stage: Stage, place: Place, signal: AbortSignal): Promise<SteadyState> {
  const state: SteadyState = { steady_state_met: null, probes: [] };
  const missed = await firstMissed(stage, place, state, signal);
  state.steady_state_met = missed === undefined;
  stage.tell({ type: 'hypothesis', place, met: missed === undefined, probe: missed ?? null });
  return state;
}

async function firstMissed(
  stage: Stage,
  place: Place,
  state: SteadyState,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const probe of stage.experiment['steady-state-hypothesis']?.probes ?? []) {
    const run = await executeActivity(stage, { entry: probe, place, runs: state.probes }, signal);
    const activity = activityOf(stage, probe);
    const met =
      run.status === 'succeeded' &&
      (isDry(activity, stage.dry) ||
        (await withinTolerance(probe.tolerance, run.output, {
          variables: stage.variables,
          ask: (asked, value) => askProbe(stage, asked, value, signal),
        })));
    run.tolerance_met = met;
    if (!met) return activity.name;
  }
  return undefined;
}

/**
 * A tolerance that is a probe is met when its process ends with 0, or its call is answered below 400. In Chaos Toolkit every answer of
 * these two providers counts as met.
 */
async function askProbe(
  stage: Stage,
  asked: ToleranceProbe,
  value: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  const given = isRecord(asked.provider.arguments) ? asked.provider.arguments : {};
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const provider = { ...asked.provider, arguments: { ...given, value: text } };
  try {
    const output = await perform(stage, provider as Provider, { lingering: false }, signal);
    if (!isRecord(output)) return false;
    return 'stdout' in output ? output.status === 0 : Number(output.status) < 400;
  } catch {
    return false;
  }
}

/** A hypothesis that is checked again and again beside the method. */
export interface ContinuousCheck {
  /** Lets the check that is under way come to its end, and returns how many there were and how many were missed. */
  finish(): Promise<{ checks: number; missed: number }>;
}

/** Checks the hypothesis every `everyMs`, counted from the end of the check before; `missed` is called for each miss. */
export function checkContinuously(
  stage: Stage,
  { everyMs, missed }: { everyMs: number; missed: () => void },
  signal: AbortSignal,
): ContinuousCheck {
  const finished = new AbortController();
  const waiting = AbortSignal.any([finished.signal, signal]);
  const during = stage.keeper.journal.steady_states.during;
  const checking = async () => {
    while (!waiting.aborted) {
      const state = await checkHypothesis(stage, 'during', signal);
      if (signal.aborted) return;
      during.push(state);
      if (!state.steady_state_met) missed();
      stage.keeper.saveNowAndThen();
      await stage.clock.sleep(everyMs, waiting).catch(() => {}); // It was told to finish.
    }
  };
  const done = checking();
  done.catch(() => {}); // `finish` throws it.
  return {
    async finish() {
      finished.abort();
      await done;
      return {
        checks: during.length,
        missed: during.filter(({ steady_state_met }) => !steady_state_met).length,
      };
    },
  };
}
