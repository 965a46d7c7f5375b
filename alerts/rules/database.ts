import { metrics } from '../../exporters/catalogue.ts';
import { promDuration } from '../../kit/duration.ts';
import type { RuleSettings } from '../config.ts';
import { connectionUse } from '../ratios.ts';
import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';
import { percent, span } from '../wording.ts';

type Thresholds = RuleSettings['thresholds']['database'];

const lockWait = metrics.dbOldestLockWait.name;
const blockedSessions = metrics.dbBlockedSessions.name;

// Names who holds the lock, from the exporter's own series.
const blockers =
  `{{ range query (printf "topk(1, ${metrics.dbRootBlockerTransaction.name}{target=%q})" $labels.target) }}` +
  'The session "{{ .Labels.application }}" holds the others up, in a transaction open for {{ .Value | humanizeDuration }}. {{ end }}';

const unreachable: AlertRule = {
  name: 'MesDatabaseUnreachable',
  tier: 'A',
  code: 'DB-A-101',
  cause: 'network',
  owner: 'it',
  expr: `${metrics.dbUp.name} == 0`,
  forMs: 10_000,
  canHang: true,
  when: 'the database does not answer, 10 s',
  summary: 'The database {{ $labels.target }} does not answer',
  meaning:
    'No query gets an answer over the way the MES takes. A lock does not cause this: the lock collector touches no table of the plant.',
  action:
    'Look at the network between MES and database, then whether the server runs and whether the password still holds.',
};

const blocked = ({ blocked_sessions, blocked_for }: Thresholds): AlertRule => ({
  name: 'MesDatabaseBlocked',
  tier: 'A',
  code: 'DB-A-102',
  cause: 'database',
  owner: 'it',
  // Locks that turn over quickly are the daily life of a busy table: only when somebody has waited a while it is stuck.
  expr: `${blockedSessions} >= ${blocked_sessions} and on (target) ${lockWait} > ${blocked_for / 1000}`,
  forMs: 10_000,
  onset: {
    ms: 1000 + blocked_for,
    reason: `${blocked_sessions} sessions must have piled up, and the first must have waited for ${span(blocked_for)}`,
  },
  when: `${blocked_sessions} sessions blocked, one of them for over ${span(blocked_for)}, 10 s`,
  summary: '{{ $value }} sessions wait for a lock in {{ $labels.target }}',
  detail: blockers,
  meaning: 'Nothing that needs the same rows or tables can be reported.',
  action: 'Find the root blocker and end its session; the runbook db.release-lock does.',
});

const crowded = ({ crowded_sessions, crowded_for }: Thresholds): AlertRule => {
  const window = promDuration(crowded_for);
  return {
    name: 'MesDatabaseCrowded',
    tier: 'A',
    code: 'DB-A-105',
    cause: 'database',
    owner: 'it',
    expr: `min_over_time(${blockedSessions}[${window}]) >= ${crowded_sessions} and ${blockedSessions} offset ${window}`,
    forMs: 0,
    onset: {
      ms: crowded_for,
      reason: `so many sessions must have been blocked for ${span(crowded_for)} without a break`,
    },
    when: `${crowded_sessions} sessions blocked at every scrape for ${span(crowded_for)}, however short each wait`,
    summary: '{{ $value }} or more sessions wait for locks in {{ $labels.target }} all the time',
    detail: blockers,
    meaning:
      'The locks turn over, but more slowly than work comes: everybody stands in line for the same rows.',
    action:
      'Look which table they queue for, and which statement holds it longest; bulk jobs belong in the night.',
  };
};

const lockWaits = (tier: AlertTier, limitMs: number): AlertRule => ({
  name: 'MesDatabaseLockWait',
  tier,
  code: { A: 'DB-A-103', B: 'DB-B-201', C: 'DB-C-301' }[tier],
  cause: 'database',
  owner: 'it',
  expr: `${lockWait} > ${limitMs / 1000}`,
  forMs: 10_000,
  onset: { ms: limitMs, reason: `a session must have waited for ${span(limitMs)}` },
  when: `a lock wait over ${span(limitMs)}, 10 s`,
  summary: `A session in {{ $labels.target }} has waited for a lock for more than ${span(limitMs)}`,
  detail: `${blockers}The wait lasts for {{ $value | humanizeDuration }}.`,
  meaning: 'One session has waited long for a lock, and few or none behind it.',
  action: 'Watch whether more sessions queue up behind it and it grows into MesDatabaseBlocked.',
});

const connections = (tier: AlertTier, share: number, forMs: number): AlertRule => ({
  name: 'MesDatabaseConnectionsHigh',
  tier,
  code: { A: 'DB-A-104', B: 'DB-B-202', C: 'DB-C-302' }[tier],
  cause: 'load',
  owner: 'it',
  expr: `${connectionUse.record} > ${share}`,
  forMs,
  when: `over ${percent(share)} of the connections open, ${span(forMs)}`,
  summary: `More than ${percent(share)} of the connections of {{ $labels.target }} are in use`,
  detail: '{{ $value | humanizePercentage }} of them are open.',
  meaning: 'When none is left nobody can log in, the MES included.',
  action: 'Look in the list of sessions for clients that open more than their pool needs.',
});

export const databaseRules = ({ thresholds: { database } }: RuleSettings): readonly AlertRule[] => [
  unreachable,
  blocked(database),
  crowded(database),
  lockWaits('A', database.lock_wait.a),
  lockWaits('B', database.lock_wait.b),
  lockWaits('C', database.lock_wait.c),
  connections('A', database.connections.a, 10_000),
  connections('B', database.connections.b, 60_000),
  connections('C', database.connections.c, 60_000),
];
