import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { syncAge } from '../ratios.ts';
import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';
import { rising } from './rising.ts';

const way = '{{ $labels.entity }} from {{ $labels.source }} to {{ $labels.destination }}';

const late = (tier: AlertTier, intervals: number, forMs: number): AlertRule => ({
  name: 'MesSyncLate',
  tier,
  code: { A: 'SYN-A-101', B: 'SYN-B-201', C: 'SYN-C-301' }[tier],
  cause: 'third-party',
  owner: 'it',
  expr: `${syncAge.record} > ${intervals}`,
  forMs,
  when: `the last success of a synchronisation is over ${intervals} × its interval old`,
  summary: `Late: ${way}`,
  detail: 'The last success is {{ $value | humanize }} intervals old.',
  meaning: 'The two systems drift apart: what one of them shows is out of date.',
  action:
    'Look whether the other system answers, then at the log of the synchronisation and at what waits in it.',
});

const pendingRising = (least: number): AlertRule => ({
  name: 'MesSyncPendingRising',
  tier: 'B',
  code: 'SYN-B-202',
  cause: 'third-party',
  owner: 'it',
  expr: rising(metrics.syncPending.name, least),
  forMs: 0,
  onset: { ms: 15 * 60_000, reason: 'it must have risen for 15 min' },
  when: `the records waiting to be synchronised have risen for 15 min, to at least ${least}`,
  summary: `More and more wait: ${way}`,
  detail: '{{ $value | humanize }} records wait.',
  meaning: 'Records come faster than they are taken over; the other system falls behind.',
  action:
    'Look whether the taker works at all, whether it fails on one record again and again, and whether it keeps up with the load.',
});

export const syncRules = ({ thresholds: { sync } }: RuleSettings): readonly AlertRule[] => [
  late('A', sync.late.a, 10_000),
  late('B', sync.late.b, 30_000),
  late('C', sync.late.c, 30_000),
  pendingRising(sync.pending_least),
];
