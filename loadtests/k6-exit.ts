/** What k6's exit code says. `broken` means that the test itself failed, not the system under test. */
export interface K6Outcome {
  kind: 'done' | 'limits-missed' | 'stopped' | 'broken';
  reason: string;
}

const reasons: Record<number, string> = {
  97: 'cloud run failed',
  98: 'cloud progress unknown',
  100: 'setup timed out',
  101: 'teardown timed out',
  102: 'timed out',
  104: 'its options are wrong',
  106: 'its REST server could not start',
  107: 'its script threw an exception',
  108: 'its script aborted the test',
  109: 'k6 itself panicked',
  110: 'its script marked the test as failed',
};

/** Reads k6's exit code (k6's source, `errext/exitcodes`); null means that a signal ended it. */
export function k6Outcome(code: number | null): K6Outcome {
  if (code === 0) return { kind: 'done', reason: 'done' };
  if (code === 99) return { kind: 'limits-missed', reason: 'thresholds were missed' };
  if (code === null || code === 103 || code === 105)
    return { kind: 'stopped', reason: 'stopped from outside' };
  return { kind: 'broken', reason: reasons[code] ?? `exit code ${code}` };
}
