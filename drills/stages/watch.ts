import { isoTime } from '../../kit/clock.ts';
import { comparisonOf } from '../../kit/comparison.ts';
import { messageOf } from '../../kit/errors.ts';
import { askHypothesis, WorstAnswers } from '../probes/hypothesis.ts';
import { answer } from '../probes/probe.ts';
import type { Run } from '../run.ts';

/** Calls `work` again and again until disposed; one call at a time, errors only logged, because a watch must go on. */
export function repeatedly(
  run: Run,
  what: string,
  everyMs: number,
  work: () => Promise<void>,
): AsyncDisposable {
  const ended = new AbortController();
  const loop = (async () => {
    while (!ended.signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!ended.signal.aborted) run.deps.log.debug({ error: messageOf(error) }, `${what}: no answer`);
      }
      await run.deps.clock.sleep(everyMs, ended.signal).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await loop;
    },
  };
}

/** Holds the stopwatch against Prometheus four times a second. */
export const watchAlerts = (run: Run): AsyncDisposable =>
  repeatedly(run, 'alerts', 250, async () => {
    run.stopwatch.observe(await run.prometheus.alerts(), run.deps.clock.now());
  });

/** Stops the drill at the first guardrail that trips, or that has been without an answer for longer than it allows. */
export function watchGuardrails(run: Run): AsyncDisposable {
  const { clock } = run.deps;
  const answeredAt = new Map(run.drill.guardrails.map(({ name }) => [name, clock.now()]));
  return repeatedly(run, 'guardrails', 1000, async () => {
    for (const guardrail of run.drill.guardrails) {
      const { name, stop_when, stop_when_silent_for } = guardrail;
      const value = await answer(guardrail, run.probes);
      const silentMs = clock.now() - (answeredAt.get(name) ?? clock.now());
      if (value !== null) answeredAt.set(name, clock.now());
      const why = whyStop(value, stop_when, silentMs, stop_when_silent_for);
      if (why === undefined) continue;
      run.journal.write({ type: 'guardrail', at: isoTime(clock.now()), name, value });
      run.stop(new GuardrailTripped(`guardrail "${name}" tripped: ${why}`));
      return;
    }
  });
}

function whyStop(
  value: number | null,
  stopWhen: string,
  silentMs: number,
  silentLimitMs: number | undefined,
): string | undefined {
  if (value !== null) return comparisonOf(stopWhen).holds(value) ? `${value} ${stopWhen}` : undefined;
  const silent = silentLimitMs !== undefined && silentMs >= silentLimitMs;
  return silent ? `no answer for ${Math.round(silentMs / 1000)} s` : undefined;
}

/** Why a drill was stopped from within. */
export class GuardrailTripped extends Error {}

/** Keeps the worst answer of every probe while it lives. */
export function watchHypothesis(run: Run): AsyncDisposable & { worst: WorstAnswers } {
  const worst = new WorstAnswers();
  const loop = repeatedly(run, 'hypothesis', 1000, async () => {
    worst.add(await askHypothesis(run.drill.hypothesis, run.probes));
  });
  return { worst, [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose]() };
}
