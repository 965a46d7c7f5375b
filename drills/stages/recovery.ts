import { isoTime } from '../../kit/clock.ts';
import { askHypothesis, holds } from '../probes/hypothesis.ts';
import type { ProbeResult } from '../probes/probe.ts';
import type { Run } from '../run.ts';

/** Waits until the hypothesis holds again, at most the drill's limit; then for the alerts to go out, within the same limit. */
export async function recoveryStage(run: Run): Promise<void> {
  const { clock } = run.deps;
  const healedAt = Math.max(run.measuredFromMs, ...run.faults.map((fault) => fault.liftedAtMs ?? 0));
  const limitMs = run.drill.expect.recover_within;
  const end = healedAt + limitMs;
  let results: ProbeResult[] = [];
  let recoveredAt: number | undefined;
  do {
    results = await askHypothesis(run.drill.hypothesis, run.probes, run.signal);
    if (holds(results)) recoveredAt = clock.now();
    else await clock.sleep(500, run.signal);
  } while (recoveredAt === undefined && clock.now() < end);
  const at = isoTime(clock.now());
  run.journal.write({ type: 'hypothesis', at, phase: 'after', results });
  const seconds = recoveredAt === undefined ? null : (recoveredAt - healedAt) / 1000;
  run.journal.write({
    type: 'recovery',
    at,
    recovery: { seconds, limitSeconds: limitMs / 1000, ok: seconds !== null },
  });
  if (seconds === null)
    run.reasons.push(`the hypothesis did not hold again within ${limitMs / 1000} s of healing`);
  while (
    clock.now() < end &&
    run.stopwatch.all().some((times) => times.firingAt !== undefined && times.resolvedAt === undefined)
  ) {
    await clock.sleep(250, run.signal);
  }
}
