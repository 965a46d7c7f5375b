import path from 'node:path';
import { readRequests } from '../../loadtests/request-record.ts';
import { loadSeries, summarizeLoad } from '../../loadtests/summary.ts';
import { allOf } from '../journal.ts';
import type { Report } from '../report/schema.ts';
import { nowIso, type Run } from '../run.ts';

/** Sums up what the virtual users saw, judges it where the drill sets limits, and returns its curves for the plots. */
export function loadStage(run: Run): Report['series'] {
  const requests = readRequests(path.join(run.dir, 'requests.ndjson'));
  const load = summarizeLoad(requests, spans(run));
  run.journal.write({ type: 'load', at: nowIso(run), load });
  judge(run, load);
  return requests.length === 0 ? [] : loadSeries(requests);
}

/** Only stages that have ended; the one that is running now belongs to the counting. */
function spans(run: Run) {
  const stages = allOf(run.journal.events, 'stage');
  return stages
    .slice(0, -1)
    .map(({ name, at }, index) => ({ name, startedAt: at, finishedAt: stages[index + 1]?.at ?? at }));
}

function judge(run: Run, load: Report['load']): void {
  const limit = run.drill.expect.load;
  if (!limit) return;
  const during = load?.byStage.find(({ stage }) => stage === 'fault');
  if (!during || during.requests === 0) {
    run.reasons.push('the virtual users made no request while the fault was in');
    return;
  }
  if (during.errorRate > limit.error_rate) {
    run.reasons.push(
      `${(during.errorRate * 100).toFixed(2)} % of the requests failed, at most ${limit.error_rate * 100} % may`,
    );
  }
  if (during.p95Ms === null || during.p95Ms > limit.p95) {
    run.reasons.push(
      `the 95th percentile of the response time was ${during.p95Ms} ms, at most ${limit.p95} ms are allowed`,
    );
  }
}
