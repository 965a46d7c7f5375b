import { isoTime } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { waitFor } from '../../kit/wait.ts';
import { nextOpening, whyClosed } from '../calendar.ts';
import { faultOf } from '../faults/registry.ts';
import { askHypothesis, holds } from '../probes/hypothesis.ts';
import { note, type Run, targetsOf } from '../run.ts';
import { longestMs, settleMs } from '../schema.ts';
import { survey } from '../survey/survey.ts';
import { lockTarget } from '../target-lock.ts';
import { reachRunbooks } from './reach-runbooks.ts';
import { reachTargets } from './reach-targets.ts';

/**
 * Refuses to start where a drill could not be trusted; nothing has been touched yet. Throws UnavailableError. The locks of the
 * drill's targets go into `locks`, for the whole run.
 */
export async function preflight(run: Run, locks: AsyncDisposableStack): Promise<void> {
  refuseUnconfirmedProduction(run);
  refuseClosedWindow(run);
  await lockTargets(run, locks);
  if (run.loadMissing && run.drill.method.some(({ fault }) => fault === 'load')) throw run.loadMissing;
  await reachTargets(run);
  await meetDemands(run);
  await noticeMissingRules(run);
  await reachRunbooks(run);
  await settle(run);
  await surveyTargets(run);
}

function refuseUnconfirmedProduction({ drill, deps }: Run): void {
  for (const { target } of drill.method) {
    if (!deps.settings.targets[target]?.production || deps.confirmedProduction.includes(target)) continue;
    throw new UnavailableError(
      'drill.production',
      `target ${target} is production; this drill would break it`,
      {
        mend: `If that is meant, repeat the command with --yes-production ${target}`,
      },
    );
  }
}

/** Production is broken in its drill window only, and a drill must have ended before it closes. */
function refuseClosedWindow({ drill, deps }: Run): void {
  const name = drill.method.find(({ target }) => deps.settings.targets[target]?.production)?.target;
  if (name === undefined) return;
  const { alerts, drills } = deps.settings;
  const calendar = {
    shifts: alerts.shifts,
    windows: drills.windows,
    windowsInShift: drills.windows_in_shift,
  };
  // The plant may take as long to become quiet before the drill even begins.
  const [now, neededMs] = [deps.clock.now(), settleMs + longestMs(drill)];
  const closed = whyClosed(calendar, now, neededMs);
  if (closed === undefined) return;
  const next = nextOpening(calendar, now, neededMs);
  throw new UnavailableError('drill.window', `target ${name} is production, and ${closed}`, {
    mend:
      next === undefined
        ? 'Write a window under drills.windows in andon.yaml that is long enough. Nothing was touched.'
        : `It is open from ${isoTime(next)}; the windows stand under drills.windows in andon.yaml. Nothing was touched.`,
  });
}

async function lockTargets({ drill, deps }: Run, locks: AsyncDisposableStack): Promise<void> {
  for (const { name, target } of targetsOf({ drill, deps })) locks.use(await lockTarget(name, target));
}

/** What the faults need (rights, programs, a state in which they touch something) must be there. */
async function meetDemands({ drill, deps }: Run): Promise<void> {
  const { clock, log, fetch, settings } = deps;
  for (const step of drill.method) {
    const target = settings.targets[step.target];
    if (!target) continue;
    const host = { clock, log, fetch, targets: settings.targets };
    await faultOf(step.fault).demand?.(step.with, { name: step.target, target }, host);
  }
}

/** A missing rule is a finding of the drill and no reason not to hold it: the alert will be missed, and the report says why. */
async function noticeMissingRules(run: Run): Promise<void> {
  const loaded = await run.prometheus.alertRules();
  for (const { alert } of run.drill.expect.alerts) {
    if (loaded.has(alert)) continue;
    run.reasons.push(`Prometheus has no rule called ${alert}, so it cannot fire`);
    note(run, `Prometheus has loaded no rule called ${alert}: the expected alert cannot fire`);
  }
}

/** What is there now is what must be there afterwards. Traces of another drill would be taken for ours: they go first. */
async function surveyTargets(run: Run): Promise<void> {
  run.surveyed = await survey(targetsOf(run), { ...run.deps, run: run.id });
  const left = run.surveyed.filter((text) => text.includes('andon-drill-') || text.includes('andon_drill_'));
  if (left.length === 0) return;
  throw new UnavailableError('drill.traces', `another drill has left something: ${left.join('; ')}`, {
    mend: 'Where that drill was held, run: andon drill clean. Nothing was touched.',
  });
}

/** Waits until the hypothesis holds and no A alert is active, or says what is in the way. */
async function settle(run: Run): Promise<void> {
  let inTheWay = '';
  try {
    await waitFor(
      async () => {
        const [results, alerts] = await Promise.all([
          askHypothesis(run.drill.hypothesis, run.probes, run.signal),
          run.prometheus.alerts(run.signal),
        ]);
        const active = alerts
          .filter(({ labels }) => labels.tier === 'A')
          .map(({ labels }) => `alert ${labels.alertname}`);
        const missed = results
          .filter(({ ok }) => !ok)
          .map(({ name, value, expect }) => `"${name}" is ${value ?? 'unknown'}, not ${expect}`);
        inTheWay = [...active, ...missed].join('; ');
        return active.length === 0 && holds(results);
      },
      {
        what: 'the steady state',
        timeoutMs: settleMs,
        everyMs: 500,
        signal: run.signal,
        clock: run.deps.clock,
      },
    );
  } catch (error) {
    run.signal.throwIfAborted();
    throw new UnavailableError(
      'drill.not-steady',
      `the plant is not in its steady state: ${inTheWay || messageOf(error)}`,
      {
        mend: 'Heal that first; a drill on a sick plant proves nothing. Nothing was touched.',
        cause: error,
      },
    );
  }
}
