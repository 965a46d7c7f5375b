import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';

type Thresholds = RuleSettings['thresholds']['database'];

const lockWait = metrics.dbOldestLockWait.name;
const connectionUse = `${metrics.dbConnections.name} / ${metrics.dbConnectionsMax.name}`;

// Names who holds the lock, from the exporter's own series.
const blockers =
  `{{ range query (printf "topk(1, ${metrics.dbRootBlockerTransaction.name}{target=%q})" $labels.target) }}` +
  'The session "{{ .Labels.application }}" holds the others up, in a transaction open for {{ .Value | humanizeDuration }}. {{ end }}';

const unreachable: AlertRule = {
  name: 'MesDatabaseUnreachable',
  tier: 'A',
  code: 'DB-A-101',
  cause: 'network',
  expr: `${metrics.dbUp.name} == 0`,
  forMs: 10_000,
  canHang: true,
  summary: 'The database {{ $labels.target }} does not answer',
  description:
    'No query gets an answer over the way the MES takes. Look at the network between MES and database, then whether ' +
    'the server runs and whether the password still holds.',
};

const blocked = ({ blocked_sessions, blocked_for }: Thresholds): AlertRule => ({
  name: 'MesDatabaseBlocked',
  tier: 'A',
  code: 'DB-A-102',
  cause: 'database',
  // Locks that turn over quickly are the daily life of a busy table: only when somebody has waited a while it is stuck.
  expr: `${metrics.dbBlockedSessions.name} >= ${blocked_sessions} and on (target) ${lockWait} > ${blocked_for / 1000}`,
  forMs: 10_000,
  onset: {
    ms: 1000 + blocked_for,
    reason: `${blocked_sessions} sessions must have piled up, and the first must have waited for ${blocked_for / 1000} s`,
  },
  summary: '{{ $value }} sessions wait for a lock in {{ $labels.target }}',
  description: `${blockers}Nothing that needs the same rows or tables can be reported. Find the root blocker and end its session.`,
});

const lockWaits = (tier: AlertTier, seconds: number): AlertRule => ({
  name: 'MesDatabaseLockWait',
  tier,
  code: { A: 'DB-A-103', B: 'DB-B-201', C: 'DB-C-301' }[tier],
  cause: 'database',
  expr: `${lockWait} > ${seconds}`,
  forMs: 10_000,
  onset: { ms: seconds * 1000, reason: `a session must have waited for ${seconds} s` },
  summary: `A session in {{ $labels.target }} has waited for a lock for more than ${seconds} s`,
  description: `${blockers}It has waited for {{ $value | humanizeDuration }}. Watch whether more sessions queue up behind it.`,
});

const connections = (tier: AlertTier, share: number, forMs: number): AlertRule => ({
  name: 'MesDatabaseConnectionsHigh',
  tier,
  code: { A: 'DB-A-104', B: 'DB-B-202', C: 'DB-C-302' }[tier],
  cause: 'load',
  expr: `${connectionUse} > ${share}`,
  forMs,
  summary: `More than ${share * 100} % of the connections of {{ $labels.target }} are in use`,
  description:
    '{{ $value | humanizePercentage }} of max_connections are open. When none is left nobody can log in, the MES ' +
    'included. Look at pg_stat_activity for clients that open more than their pool needs.',
});

export const databaseRules = ({ thresholds: { database } }: RuleSettings): readonly AlertRule[] => [
  unreachable,
  blocked(database),
  lockWaits('A', database.lock_wait.a / 1000),
  lockWaits('B', database.lock_wait.b / 1000),
  lockWaits('C', database.lock_wait.c / 1000),
  connections('A', database.connections.a, 10_000),
  connections('B', database.connections.b, 60_000),
  connections('C', database.connections.c, 60_000),
];
