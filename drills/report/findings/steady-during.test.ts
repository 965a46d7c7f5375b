import { expect, test } from 'vitest';
import { failedReport } from '../testing/failed-report.ts';
import { steadyDuringFindings } from './steady-during.ts';

const fault = (kind: string, target: string) => ({
  kind,
  target,
  injectedAt: null,
  liftedAt: null,
  liftedBy: null,
  touched: 1,
  residue: [],
});
const facts = (kind: string, target: string, ok = false) => ({
  ...failedReport,
  faults: [fault(kind, target)],
  hypothesis: {
    ...failedReport.hypothesis,
    during: [{ name: 'operations succeed', value: 0.84, expect: '>= 0.99', ok }],
  },
});

test.each([
  ['http.fail', 'mes-esign-link', /outbox/],
  ['process.pause', 'rabbitmq-process', /publish aside/],
  ['queue.poison', 'mes-queue', /publish aside/],
  ['db.connections', 'mes-db', /reserve connections/],
  ['db.slow', 'mes-db', /statements and lock waits/],
  ['network.latency', 'mes-db-link', /fewer trips/],
  ['host.cpu', 'plant-server', /CPUWeight/],
  ['release.bad', 'mes-release', /plots/],
])('A plant that did not carry %s on %s is told what to mend.', (kind, target, fix) => {
  const [finding] = steadyDuringFindings(facts(kind, target), { holds_during: true });
  expect(finding?.text).toBe(
    `The plant did not carry ${kind} on ${target}: “operations succeed” was 0.84 at worst (expected >= 0.99).`,
  );
  expect(finding?.fix).toMatch(fix);
});

test('Nothing is found where the plant stayed steady, or need not.', () => {
  expect(steadyDuringFindings(facts('http.fail', 'x', true), { holds_during: true })).toEqual([]);
  expect(steadyDuringFindings(facts('http.fail', 'x'), {})).toEqual([]);
});
