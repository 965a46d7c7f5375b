import { isoTime } from '../../kit/clock.ts';
import { rehearsedBy } from '../rehearsal.ts';
import { deliveryOf, expectedRun } from '../report/expected-run.ts';
import type { Report } from '../report/schema.ts';
import { nowIso, type Run } from '../run.ts';
import type { AlertTimes } from '../stopwatch.ts';

type AlertRow = Report['alerts'][number];
const maybeIso = (ms: number | undefined): string | null => (ms === undefined ? null : isoTime(ms));

/** Judges alerts, faults, hypothesis and runbook; what does not hold is added to the run's reasons. */
export async function verdictStage(run: Run): Promise<void> {
  judgeFaults(run);
  const alerts = judgeAlerts(run);
  run.journal.write({ type: 'alerts', at: nowIso(run), alerts });
  await judgeRunbook(run, alerts);
}

function judgeFaults(run: Run): void {
  for (const event of run.journal.events) {
    if (event.type === 'fault-lifted' && event.touched === 0) {
      run.reasons.push(`${event.kind} on ${event.target} touched nothing, so nothing was proven`);
    }
    if (event.type === 'hypothesis' && event.phase === 'during' && run.drill.expect.holds_during) {
      for (const { name, value, expect, ok } of event.results) {
        if (!ok)
          run.reasons.push(
            `"${name}" was ${value ?? 'unknown'} during the fault, and ${expect} was expected`,
          );
      }
    }
  }
}

function judgeAlerts(run: Run): AlertRow[] {
  const injectedAt = run.faults[0]?.injectedAtMs;
  const expected = run.drill.expect.alerts.map((wanted) => {
    const times = run.stopwatch.of(wanted.alert, wanted.tier);
    const boundMs = wanted.within ?? run.deps.boundMs(wanted.alert, wanted.tier);
    const detectMs =
      times?.deliveredAt === undefined || injectedAt === undefined
        ? undefined
        : times.deliveredAt - injectedAt;
    const ok = detectMs !== undefined && (boundMs === undefined || detectMs <= boundMs);
    if (detectMs === undefined) run.reasons.push(`alert ${wanted.alert} (${wanted.tier}) was not delivered`);
    else if (!ok)
      run.reasons.push(
        `alert ${wanted.alert} came after ${detectMs / 1000} s, its bound is ${(boundMs ?? 0) / 1000} s`,
      );
    return row(wanted.alert, wanted.tier, times, { expected: true, injectedAt, detectMs, boundMs, ok });
  });
  const names = new Set(run.drill.expect.alerts.map(({ alert, tier }) => `${alert}/${tier}`));
  const others = run.stopwatch
    .all()
    .filter(({ alert, tier, firingAt }) => firingAt !== undefined && !names.has(`${alert}/${tier}`));
  const unexpected = others.map((times) => {
    const ok = !(run.drill.expect.quiet && times.tier === 'A');
    if (!ok) run.reasons.push(`alert ${times.alert} fired, and this drill expects quiet`);
    return row(times.alert, times.tier, times, { expected: false, injectedAt, ok });
  });
  return [...expected, ...unexpected];
}

function row(
  alert: string,
  tier: AlertTimes['tier'],
  times: AlertTimes | undefined,
  facts: {
    expected: boolean;
    injectedAt: number | undefined;
    detectMs?: number | undefined;
    boundMs?: number | undefined;
    ok: boolean;
  },
): AlertRow {
  return {
    alert,
    tier,
    expected: facts.expected,
    injectedAt: maybeIso(facts.injectedAt),
    pendingAt: maybeIso(times?.pendingAt),
    firingAt: maybeIso(times?.firingAt),
    deliveredAt: maybeIso(times?.deliveredAt),
    resolvedAt: maybeIso(times?.resolvedAt),
    timeToDetectSeconds: facts.detectMs === undefined ? null : facts.detectMs / 1000,
    boundSeconds: facts.boundMs === undefined ? null : facts.boundMs / 1000,
    ok: facts.ok,
  };
}

async function judgeRunbook(run: Run, alerts: AlertRow[]): Promise<void> {
  if (!run.runbooks) return;
  const runbooks = await run.runbooks.runs(isoTime(run.measuredFromMs));
  run.journal.write({ type: 'runbooks', at: nowIso(run), runbooks });
  const wanted = rehearsedBy(run.drill);
  if (!wanted) return;
  const problem = whyNotHealed(wanted, expectedRun(runbooks, wanted.name), alerts);
  if (problem !== undefined) run.reasons.push(`runbook ${wanted.name} ${problem}`);
}

/** What an expected runbook did not do, as the end of a sentence about it. */
function whyNotHealed(
  { within }: { within: number },
  ran: Report['runbooks'][number] | undefined,
  alerts: AlertRow[],
): string | undefined {
  if (!ran) return 'did not run';
  const { outcome, state, startedAt, finishedAt } = ran;
  const why = ran.reason === undefined ? '' : `: ${ran.reason}`;
  if (state === 'awaiting-approval') return `did not run, it waits for a person${why}`;
  if (outcome === 'running')
    return `${startedAt === null ? 'had not begun' : 'had not ended'} when the drill ended${why}`;
  if (outcome === 'compensated') return `took back what it had done${why}`;
  if (outcome !== 'succeeded') return `ended as ${outcome}${why}`;
  const delivered = deliveryOf(ran, alerts);
  if (delivered && finishedAt && Date.parse(finishedAt) - Date.parse(delivered) > within)
    return `took longer than ${within / 1000} s from the alert to its end`;
  return undefined;
}
