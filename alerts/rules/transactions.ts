import { metrics } from '../../exporters/catalogue.ts';
import { promDuration } from '../../kit/duration.ts';
import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';
import { span } from '../wording.ts';

const deadlocks = (tier: 'B' | 'C', limit: number): AlertRule => ({
  name: 'MesDatabaseDeadlocks',
  tier,
  code: { B: 'DB-B-203', C: 'DB-C-303' }[tier],
  cause: 'database',
  owner: 'it',
  // increase() reaches out to the edges of its window, so that five may look like 5.08.
  expr: `round(increase(${metrics.dbDeadlocks.name}[5m])) > ${limit}`,
  forMs: 0,
  when: limit === 0 ? 'a deadlock in 5 min' : `over ${limit} deadlocks in 5 min`,
  summary: '{{ $value }} deadlocks in {{ $labels.target }} within 5 min',
  meaning:
    'The database has ended transactions that waited for each other; what they should have written has to be tried again.',
  action:
    'Find the two statements in the log of the database and let both take their locks in the same order.',
});

const oldTransaction = (tier: 'B' | 'C', limitMs: number): AlertRule => ({
  name: 'MesDatabaseTransactionOld',
  tier,
  code: { B: 'DB-B-204', C: 'DB-C-304' }[tier],
  cause: 'database',
  owner: 'it',
  expr: `${metrics.dbOldestTransaction.name} > ${limitMs / 1000}`,
  forMs: 10_000,
  onset: { ms: limitMs, reason: `the transaction must have been open for ${span(limitMs)}` },
  when: `a transaction open for over ${span(limitMs)}, 10 s`,
  summary: 'A transaction in {{ $labels.target }} has been open for {{ $value | humanizeDuration }}',
  meaning:
    'It keeps its locks and lets the tables grow: old row versions cannot be cleared away before it ends.',
  action: 'Look in the list of sessions who has forgotten it, and have it committed or ended.',
});

const replicaBehind = (tier: AlertTier, limitMs: number, forMs: number): AlertRule => ({
  name: 'MesDatabaseReplicaBehind',
  tier,
  code: { A: 'DB-A-106', B: 'DB-B-205', C: 'DB-C-305' }[tier],
  cause: 'database',
  owner: 'it',
  expr: `${metrics.dbReplicationLag.name} > ${limitMs / 1000}`,
  forMs,
  onset: { ms: limitMs, reason: `a replica that stops is ${span(limitMs)} behind only after that time` },
  when: `a replica over ${span(limitMs)} behind, ${span(forMs)}`,
  summary: 'The replica of {{ $labels.target }} is {{ $value | humanizeDuration }} behind',
  meaning: 'Reports read old data, and a switch-over now would lose what was written meanwhile.',
  action: 'Look at the network to the replica, its disk, and long queries on it; do not switch over now.',
});

const poolWaiting = (waitingMs: number): AlertRule => {
  const window = promDuration(waitingMs);
  const waiting = metrics.dbPoolWaiting.name;
  return {
    name: 'MesDatabasePoolWaiting',
    tier: 'B',
    code: 'DB-B-206',
    cause: 'load',
    owner: 'it',
    expr: `min_over_time(${waiting}[${window}]) > 0 and ${waiting} offset ${window}`,
    forMs: 0,
    onset: { ms: waitingMs, reason: `requests must have queued for ${span(waitingMs)} without a break` },
    when: `requests queue for the connection pool of the MES at every scrape for ${span(waitingMs)}`,
    summary: 'Requests of {{ $labels.target }} queue for a database connection',
    detail: 'At least {{ $value }} at every moment of the last minutes.',
    meaning:
      'The pool of the MES is too small for what is asked of it, or its connections are held too long.',
    action:
      'If nothing is blocked and the database has processors to spare, enlarge the pool; else look what holds the connections.',
  };
};

export const transactionRules = ({ thresholds: { database } }: RuleSettings): readonly AlertRule[] => [
  deadlocks('B', database.deadlocks.b),
  deadlocks('C', database.deadlocks.c),
  oldTransaction('B', database.transaction.b),
  oldTransaction('C', database.transaction.c),
  replicaBehind('A', database.replication_lag.a, 10_000),
  replicaBehind('B', database.replication_lag.b, 30_000),
  replicaBehind('C', database.replication_lag.c, 30_000),
  poolWaiting(database.pool_waiting_for),
];
