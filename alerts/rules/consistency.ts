import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { differingSince } from '../differing-since.ts';
import type { AlertRule } from '../rule.ts';
import { percent } from '../wording.ts';

type Thresholds = RuleSettings['thresholds']['sync'];

const mismatched = metrics.consistencyMismatched.name;
const lastCheck = metrics.consistencyLastCheck.name;
const interval = metrics.consistencyCheckInterval.name;
const pair = 'on (target, source, destination)';

const text = {
  name: 'MesRecordsDiffer',
  cause: 'third-party',
  owner: 'it',
  summary:
    '{{ $value }} records differ between {{ $labels.source }} and {{ $labels.destination }} by {{ $labels.dimension }}',
  detail: 'The exporter lists them at /consistency/{{ $labels.target }}.',
  meaning: 'The two systems hold different stock or progress: picking, booking and planning go wrong by it.',
  action:
    'Look at what the differing records have in common: one station, one hour, one material. Recover what is missing from the ' +
    'journals of terminals and gateways before anybody books by hand.',
} as const;

const manyDiffer = (limits: Thresholds): AlertRule => ({
  ...text,
  tier: 'A',
  code: 'SYN-A-102',
  expr: `${mismatched} > ${limits.differing_records}
or (${mismatched} >= ${limits.differing_least} and ${mismatched} / (${metrics.consistencyCompared.name} > 0) > ${limits.differing_share})`,
  forMs: 10_000,
  when:
    `over ${limits.differing_records} records differ, or over ${percent(limits.differing_share)} of those compared ` +
    `and at least ${limits.differing_least}, 10 s`,
});

/** The time between the first and the last of so many comparisons is one interval less; half of one is left for their duration. */
const someDiffer = ({ differing_checks }: Thresholds): AlertRule => ({
  ...text,
  tier: 'B',
  code: 'SYN-B-203',
  expr: `${mismatched} > 0
and on (target, source, destination, dimension)
-(${differingSince.record} - ${pair} group_left () ${lastCheck}) / ${pair} group_left () ${interval} > ${differing_checks - 1.5}`,
  forMs: 0,
  onset: {
    ms: (differing_checks - 1) * 300_000,
    reason: `${differing_checks} comparisons must have found it; at the usual interval of 5 min`,
  },
  when: `records differ in ${differing_checks} comparisons in a row`,
});

const checkOverdue = ({ check_overdue }: Thresholds): AlertRule => ({
  name: 'MesConsistencyCheckOverdue',
  tier: 'B',
  code: 'SYN-B-204',
  owner: 'it',
  expr: `(time() - ${lastCheck}) / (${interval} > 0) > ${check_overdue}`,
  forMs: 30_000,
  when: `the last comparison of two systems is over ${check_overdue} × its interval old, 30 s`,
  summary: '{{ $labels.source }} and {{ $labels.destination }} are no longer compared',
  detail: 'The last comparison is {{ $value | humanize }} intervals old.',
  meaning: 'Whether the two systems hold the same is not known.',
  action:
    'Read the log of the exporter for the reason: a database that is too slow, a right that is missing, or a query that failed.',
});

export const consistencyRules = ({ thresholds: { sync } }: RuleSettings): readonly AlertRule[] => [
  manyDiffer(sync),
  someDiffer(sync),
  checkOverdue(sync),
];
