import { isoTime } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import type { Target } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { nextOpening, whyClosed } from '../calendar.ts';
import { faultOf } from '../faults/registry.ts';
import { askHypothesis, holds } from '../probes/hypothesis.ts';
import { note, type Run } from '../run.ts';
import { longestMs } from '../schema.ts';
import { lockTarget } from '../target-lock.ts';

/** How long a plant may take to become quiet after an earlier drill: a rate over 30 s, and an alert that resolves. */
const settleMs = 90_000;

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
  if (run.drill.runbooks === 'hold' || run.drill.expect.runbook) await reachRunbooks(run);
  await settle(run);
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
  const [now, neededMs] = [deps.clock.now(), longestMs(drill)];
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
  for (const name of new Set(drill.method.map(({ target }) => target))) {
    const target = deps.settings.targets[name];
    if (target) locks.use(await lockTarget(name, target));
  }
}

async function reachTargets(run: Run): Promise<void> {
  const names = new Set(run.drill.method.map(({ target }) => target));
  for (const name of names) {
    const target = run.deps.settings.targets[name];
    if (!target)
      throw new UnavailableError('drill.no-target', `no target is called ${name}`, {
        mend: 'Add it to targets: in andon.yaml',
      });
    try {
      await reach(target, run);
    } catch (error) {
      run.signal.throwIfAborted();
      throw new UnavailableError('drill.unreachable', `target ${name} does not answer: ${messageOf(error)}`, {
        mend: `Start it, or mend targets.${name} in ${run.deps.configFile}. Nothing was touched.`,
        cause: error,
      });
    }
  }
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

async function reach(target: Target, { deps }: Run): Promise<void> {
  const ask = async (url: URL) => {
    const response = await deps.fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    if (!response.ok && response.status !== 401)
      throw new Error(`${url.host}${url.pathname} answered ${response.status}`);
  };
  switch (target.kind) {
    case 'mes':
      return ask(new URL('/-/ready', target.url));
    case 'link':
      return ask(new URL('/links', target.control));
    case 'rabbitmq':
      return ask(withoutPassword(target.management));
    case 'postgres': {
      const url = target.admin_url ?? target.url;
      const client = await connectPostgres({
        url,
        applicationName: 'andon-preflight',
        statementTimeoutMs: 3000,
        lockTimeoutMs: 1000,
      });
      await client.end();
    }
  }
}

function withoutPassword(address: string): URL {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url;
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

async function reachRunbooks(run: Run): Promise<void> {
  const mend = 'Start it with: andon runbook serve, or mend drills.runbooks_url in andon.yaml';
  if (!run.runbooks)
    throw new UnavailableError(
      'drill.no-runbooks',
      'this drill needs the runbook service, and drills.runbooks_url is not set',
      { mend },
    );
  try {
    if (!(await run.runbooks.healthy())) throw new Error('not healthy');
  } catch (error) {
    throw new UnavailableError(
      'drill.no-runbooks',
      `the runbook service does not answer: ${messageOf(error)}`,
      { mend, cause: error },
    );
  }
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
