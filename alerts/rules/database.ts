import { metrics } from '../../exporters/catalogue.ts';
import type { AlertRule } from '../rule.ts';

const lockWait = metrics.dbOldestLockWait.name;
const connectionUse = `${metrics.dbConnections.name} / ${metrics.dbConnectionsMax.name}`;

// Names who holds the lock, from the exporter's own series.
const blockers =
  `{{ range query (printf "topk(1, ${metrics.dbRootBlockerTransaction.name}{target=%q})" $labels.target) }}` +
  'The session "{{ .Labels.application }}" holds the others up, in a transaction open for {{ .Value | humanizeDuration }}. {{ end }}';

const unreachable: AlertRule = {
  name: 'MesDatabaseUnreachable',
  tier: 'A',
  cause: 'network',
  expr: `${metrics.dbUp.name} == 0`,
  forMs: 10_000,
  canHang: true,
  summary: 'The database {{ $labels.target }} does not answer',
  description:
    'No query gets an answer over the way the MES takes. Look at the network between MES and database, then whether ' +
    'the server runs and whether the password still holds.',
};

const blocked: AlertRule = {
  name: 'MesDatabaseBlocked',
  tier: 'A',
  cause: 'database',
  // Locks that turn over quickly are the daily life of a busy table: only when somebody has waited a while it is stuck.
  expr: `${metrics.dbBlockedSessions.name} >= 3 and on (target) ${lockWait} > 1`,
  forMs: 10_000,
  onset: { ms: 2000, reason: 'three sessions must have piled up, and the first must have waited for 1 s' },
  summary: '{{ $value }} sessions wait for a lock in {{ $labels.target }}',
  description: `${blockers}Nothing that needs the same rows or tables can be reported. Find the root blocker and end its session.`,
};

const lockWaits = (tier: 'B' | 'C', seconds: number): AlertRule => ({
  name: 'MesDatabaseLockWait',
  tier,
  cause: 'database',
  expr: `${lockWait} > ${seconds}`,
  forMs: 10_000,
  onset: { ms: seconds * 1000, reason: `a session must have waited for ${seconds} s` },
  summary: `A session in {{ $labels.target }} has waited for a lock for more than ${seconds} s`,
  description: `${blockers}It has waited for {{ $value | humanizeDuration }}. Watch whether more sessions queue up behind it.`,
});

const connections = (tier: 'A' | 'B' | 'C', share: number, forMs: number): AlertRule => ({
  name: 'MesDatabaseConnectionsHigh',
  tier,
  cause: 'load',
  expr: `${connectionUse} > ${share}`,
  forMs,
  summary: `More than ${share * 100} % of the connections of {{ $labels.target }} are in use`,
  description:
    '{{ $value | humanizePercentage }} of max_connections are open. When none is left nobody can log in, the MES ' +
    'included. Look at pg_stat_activity for clients that open more than their pool needs.',
});

export const databaseRules: readonly AlertRule[] = [
  unreachable,
  blocked,
  lockWaits('B', 10),
  lockWaits('C', 3),
  connections('A', 0.95, 10_000),
  connections('B', 0.85, 60_000),
  connections('C', 0.7, 60_000),
];
