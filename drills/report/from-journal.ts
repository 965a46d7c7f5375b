import { allOf, type EventOf, type JournalEvent, lastOf } from '../journal.ts';
import { expectationsOf } from './expectations.ts';
import { findingsOf } from './findings.ts';
import type { Report } from './schema.ts';
import { scoreOf } from './score.ts';

const nothingCounted: Report['production'] = {
  acknowledged: 0,
  applied: 0,
  lost: 0,
  duplicated: 0,
  stale: 0,
  outOfOrder: 0,
  lineStopSeconds: 0,
  ok: true,
  examples: [],
};

/**
 * Renders the journal of one run, finished or cut short, into its report: every figure comes from an event.
 * A journal without an end is a run whose runner died: aborted.
 */
export function reportFromJournal(events: readonly JournalEvent[]): Report {
  const started = lastOf(events, 'run-started');
  if (!started) throw new TypeError('this journal has no run-started event');
  const finished = lastOf(events, 'run-finished');
  const finishedAt = finished?.at ?? events.at(-1)?.at ?? started.at;
  const faults = faultsOf(events);
  const facts: Omit<Report, 'score' | 'weights' | 'findings'> = {
    schema: 'andon.report/v1',
    run: {
      id: started.run,
      drill: started.drill.id,
      title: started.drill.title,
      cause: started.drill.cause,
      startedAt: started.at,
      finishedAt,
      durationSeconds: (Date.parse(finishedAt) - Date.parse(started.at)) / 1000,
      version: started.version,
    },
    verdict: finished?.verdict ?? 'aborted',
    stages: stagesOf(events, finishedAt),
    hypothesis: {
      before: resultsOf(events, 'before'),
      during: resultsOf(events, 'during'),
      after: resultsOf(events, 'after'),
    },
    faults,
    alerts: lastOf(events, 'alerts')?.alerts ?? [],
    runbooks: lastOf(events, 'runbooks')?.runbooks ?? [],
    ...proofOf(events),
    recovery: lastOf(events, 'recovery')?.recovery ?? {
      seconds: null,
      limitSeconds: started.recoverWithinMs / 1000,
      ok: false,
    },
    production: lastOf(events, 'production')?.production ?? nothingCounted,
    load: lastOf(events, 'load')?.load ?? null,
    series: lastOf(events, 'series')?.series ?? [],
  };
  const expected = expectationsOf(started.drill);
  const judged = { ...facts, ...scoreOf(facts, expected) };
  const reasons = finished?.reasons ?? ['the runner ended without finishing this drill'];
  return { ...judged, findings: findingsOf(judged, reasons, expected) };
}

function proofOf(events: readonly JournalEvent[]): Pick<Report, 'proof'> {
  const found = lastOf(events, 'proof');
  if (!found) return {};
  const { runbook, passed, delivered, text } = found;
  return { proof: { runbook, passed, delivered, text } };
}

function stagesOf(events: readonly JournalEvent[], finishedAt: string): Report['stages'] {
  const stages = allOf(events, 'stage');
  return stages.map(({ name, at }, index) => ({
    name,
    startedAt: at,
    finishedAt: stages[index + 1]?.at ?? finishedAt,
  }));
}

function resultsOf(
  events: readonly JournalEvent[],
  phase: EventOf<'hypothesis'>['phase'],
): Report['hypothesis']['before'] {
  return allOf(events, 'hypothesis').findLast((event) => event.phase === phase)?.results ?? [];
}

function faultsOf(events: readonly JournalEvent[]): Report['faults'] {
  const watchdog = lastOf(events, 'watchdog');
  return allOf(events, 'fault-planned').map(({ index, kind, target, affects }) => {
    const lifted = allOf(events, 'fault-lifted').find((event) => event.index === index);
    return {
      kind,
      target,
      injectedAt: allOf(events, 'fault-injected').find((event) => event.index === index)?.at ?? null,
      liftedAt: lifted?.at ?? watchdog?.at ?? null,
      liftedBy: lifted?.by ?? (watchdog ? 'watchdog' : null),
      touched: lifted?.touched ?? 0,
      ...(affects === undefined ? {} : { affects }),
      residue: allOf(events, 'fault-residue').find((event) => event.index === index)?.residue ?? [],
    };
  });
}
