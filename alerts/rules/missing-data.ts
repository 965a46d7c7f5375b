import { metrics } from '../../exporters/catalogue.ts';
import { measuredFamilies } from '../measured-families.ts';
import { exporterJob } from '../prometheus-config.ts';
import { slowIntervalMs } from '../prometheus-rules.ts';
import type { AlertRule } from '../rule.ts';

const exporterUp = `up{job="${exporterJob}"} == 1`;

const seenAndGone = (metric: { name: string }) =>
  `max by (target) (present_over_time(${metric.name}[1h])) unless on (target) ${metric.name}`;

const targetMissing: AlertRule = {
  name: 'MesTargetMissing',
  tier: 'B',
  code: 'MON-B-202',
  owner: 'it',
  expr: `(${[metrics.up, metrics.dbUp, metrics.queueUp].map((metric) => `(${seenAndGone(metric)})`).join(' or ')})
and on () ${exporterUp}`,
  forMs: 60_000,
  when: 'a target of the last hour is no longer measured, 1 min',
  summary: 'The exporter no longer measures {{ $labels.target }}',
  meaning: 'It was there within the last hour and is gone although the exporter runs.',
  action: 'Was it taken out of andon.yaml on purpose?',
};

/** Without the word of a collector that fails it cannot be told which family that one would have brought. */
const everyCollectorWorks = `unless on () (min(${metrics.collectorSuccess.name}) == 0)`;

const familyMissing: AlertRule = {
  name: 'MesDataMissing',
  tier: 'B',
  code: 'MON-B-204',
  owner: 'it',
  expr: `max_over_time(${measuredFamilies.record}[1h]) unless ${measuredFamilies.record}
and on () ${exporterUp}
${everyCollectorWorks}`,
  // A collector that works again is known at once, and its family up to a minute later.
  forMs: 120_000,
  onset: { ms: slowIntervalMs, reason: 'families are counted once a minute' },
  when: 'a whole family of series of the last hour is gone although every collector works, 2 min',
  summary: 'Nothing is known any more of the {{ $labels.family }} of {{ $labels.target }}',
  detail: 'There were {{ $value }} series of it within the last hour.',
  meaning: 'The alerts on these metrics are blind, and none of them would say so.',
  action:
    'Look what has changed: the mapping in andon.yaml, a table or an endpoint of the MES, a replica or a queue that was removed.',
};

export const missingDataRules: readonly AlertRule[] = [targetMissing, familyMissing];
