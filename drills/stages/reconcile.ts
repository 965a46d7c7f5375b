import { isoTime } from '../../kit/clock.ts';
import type { LedgerConfig } from '../config.ts';
import { type Acknowledgement, readAcknowledgements } from '../ledger/acknowledgements.ts';
import { waitingToBeSent } from '../ledger/forwarders.ts';
import { lineStopSeconds, type Production, reconcile } from '../ledger/reconcile.ts';
import { readSystems } from '../ledger/systems.ts';
import { note, type Run } from '../run.ts';

/** A system may hold operations that were acknowledged a little after it stored them, by another clock. */
const slackMs = 10_000;

/**
 * Compares what was acknowledged since the baseline began with what every system holds. What is missing may still be on its
 * way (store-and-forward retries after 30 s), so it looks again until nothing is missing or the drain's time is over.
 */
export async function reconcileStage(run: Run, acknowledgementFolders: readonly string[]): Promise<void> {
  const { clock, settings } = run.deps;
  const ledger = settings.drills.ledger;
  if (!ledger) {
    note(run, 'no ledger is configured (drills.ledger in andon.yaml): production was not counted');
    if (run.drill.expect.production)
      run.reasons.push('production was expected to be counted, and no ledger is configured');
    return;
  }
  const to = clock.now();
  const folders = [...ledger.acknowledgements, ...acknowledgementFolders];
  const acknowledged = readAcknowledgements(folders, run.measuredFromMs, to);
  const drained = await drain(run, ledger, acknowledged, to + run.drill.expect.drain_within);
  // A crowd that is the fault itself comes and goes by plan: only who works through the whole drill can stand still.
  const steady = run.drill.load
    ? acknowledged
    : readAcknowledgements(ledger.acknowledgements, run.measuredFromMs, to);
  const production = judge(run, drained, lineStopSeconds(steady, to, ledger.stop_after));
  run.journal.write({ type: 'production', at: isoTime(clock.now()), production });
}

type Counted = ReturnType<typeof reconcile>;

/** With nothing waiting to be sent and no change for this long, what is missing will not come any more. */
const stillMs = 15_000;

/** Counts again and again until everything has arrived and nothing waits for a retry, or no more can be expected. */
async function drain(
  run: Run,
  ledger: LedgerConfig,
  acknowledged: Acknowledgement[],
  endMs: number,
): Promise<Counted> {
  const { clock, settings, fetch } = run.deps;
  let last = { waiting: -1, missing: -1, sinceMs: clock.now() };
  for (;;) {
    const waiting = await waitingToBeSent(ledger.forwarders, fetch);
    const records = await readSystems(ledger, settings.targets, run.measuredFromMs - slackMs);
    const counted = reconcile(acknowledged, records);
    const missing = counted.lost + counted.stale;
    if (waiting === 0 && missing === 0) return counted;
    const now = clock.now();
    if (waiting !== last.waiting || missing !== last.missing) last = { waiting, missing, sinceMs: now };
    if (waiting === 0 && now - last.sinceMs >= stillMs) return counted;
    if (now >= endMs) {
      if (waiting > 0) run.reasons.push(`${waiting} operations still wait in store-and-forward boxes`);
      return counted;
    }
    await clock.sleep(1000, run.signal);
  }
}

function judge(run: Run, counted: Counted, stopSeconds: number): Production {
  const expected = run.drill.expect.production;
  const tooMany = [
    ['lost', counted.lost, expected?.lost],
    ['duplicated', counted.duplicated, expected?.duplicated],
    ['stale', counted.stale, expected?.stale],
    ['applied out of order', counted.outOfOrder, expected?.out_of_order],
  ].flatMap(([what, count, limit]) =>
    limit !== undefined && Number(count) > Number(limit)
      ? [`${count} operations were ${what}, at most ${limit} may be`]
      : [],
  );
  if (expected && counted.acknowledged === 0)
    tooMany.push('no operation was acknowledged at all, so nothing was proven');
  run.reasons.push(...tooMany);
  return {
    ...counted,
    lineStopSeconds: stopSeconds,
    ok: tooMany.length === 0,
  };
}
