import type { Expectations, Facts } from '../expectations.ts';
import { faultStageOf, type LoadStage, withinLoadLimits } from '../load-limits.ts';
import { count, milliseconds, percent } from '../numbers.ts';
import type { Finding, Report } from '../schema.ts';

/** Where a drill names no limits, users of a healthy plant may meet no more than this (a share of requests, milliseconds). */
const usual = { error_rate: 0.01, p95: 3000 };

/** Users who were refused or kept waiting: against the drill's limits during the fault, else before the fault. */
export function loadFindings(facts: Facts, expected: Expectations): Finding[] {
  const { load, stages, faults } = facts;
  if (!load) return expected.load ? [noLoad] : [];
  const stage = expected.load
    ? faultStageOf(load, stages, faults)
    : load.byStage.find(({ stage: name }) => name === 'baseline');
  if (!stage || stage.requests === 0) return expected.load ? [noLoad] : [];
  const limits = expected.load ?? usual;
  const severity = expected.load ? 'critical' : 'warning';
  const { errorsOk, p95Ok } = withinLoadLimits(stage, limits);
  return [
    ...(errorsOk ? [] : [{ severity, ...errors(facts, load, stage, limits.error_rate) } as const]),
    ...(p95Ok ? [] : [{ severity, ...slow(facts, load, stage, limits.p95) } as const]),
  ];
}

const noLoad: Finding = {
  severity: 'critical',
  text: 'The virtual users made no request while the fault was in, so their limits were not proven.',
  cause: 'The load did not run.',
  fix: 'Read the run’s journal for k6’s own words, and check the address and the token under drills.load in andon.yaml.',
};

function errors(facts: Facts, load: NonNullable<Report['load']>, stage: LoadStage, limit: number) {
  return {
    text: `${percent(stage.errorRate)} of ${count(stage.requests)} requests of ${load.users} users failed in stage ${stage.stage}; at most ${percent(limit)} may.`,
    ...bottleneck(facts, stage),
  };
}

function slow(facts: Facts, load: NonNullable<Report['load']>, stage: LoadStage, limitMs: number) {
  return {
    text: `One request in twenty took ${milliseconds(stage.p95Ms)} or longer (p95) with ${load.users} users in stage ${stage.stage}; the limit is ${milliseconds(limitMs)}.`,
    ...bottleneck(facts, stage),
  };
}

/** The most requests that waited for a database connection in a stage, as far as a series tells. */
function mostWaiting({ series, stages }: Facts, { stage }: LoadStage): number {
  const span = stages.find(({ name }) => name === stage);
  const inStage = ([at]: [number, number]) =>
    span && at * 1000 >= Date.parse(span.startedAt) && at * 1000 <= Date.parse(span.finishedAt);
  const waiting = series.filter(({ name }) => /pool/i.test(name) && /wait/i.test(name));
  return Math.max(0, ...waiting.flatMap(({ points }) => points.filter(inStage).map(([, value]) => value)));
}

function bottleneck(facts: Facts, stage: LoadStage): Pick<Finding, 'cause' | 'fix'> {
  const waiting = mostWaiting(facts, stage);
  if (waiting > 0)
    return {
      cause: `Up to ${count(waiting)} requests at once waited for a connection of the database pool.`,
      fix: 'Enlarge the MES’s connection pool, as far as the database’s max_connections allows, and look for statements that hold a connection long.',
    };
  return {
    cause: 'The MES or its database could not keep up.',
    fix: 'See in the plots what rose first: lock waits (shorten transactions), processor (add an index or a server), or pool (enlarge it).',
  };
}
