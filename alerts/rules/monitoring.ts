import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { exporterJob } from '../prometheus-config.ts';
import type { AlertRule } from '../rule.ts';

const success = metrics.collectorSuccess.name;

// A collector whose target is down has an alert of its own that says so.
const targetIsUp = `unless on (target) (${metrics.up.name} == 0 or ${metrics.dbUp.name} == 0)`;

const seenAndGone = (metric: { name: string }) =>
  `max by (target) (present_over_time(${metric.name}[1h])) unless on (target) ${metric.name}`;

export const monitoringRules = (_settings: RuleSettings): readonly AlertRule[] => [
  {
    name: 'MesExporterDown',
    tier: 'A',
    code: 'MON-A-101',
    expr: `up{job="${exporterJob}"} == 0 or absent(up{job="${exporterJob}"})`,
    forMs: 10_000,
    canHang: true,
    summary: 'The Andon exporter cannot be scraped',
    description: 'Nobody watches the MES, its database and its queues. Look whether `andon exporter` runs.',
  },
  {
    name: 'MesExporterCollectorFailed',
    tier: 'A',
    code: 'MON-A-102',
    expr: `${success}{collector="locks"} == 0
${targetIsUp}`,
    forMs: 10_000,
    summary: 'Locks of {{ $labels.target }} cannot be seen',
    description:
      'The database answers and the lock collector still fails, so MesDatabaseBlocked is blind. Read the log of the ' +
      'exporter; it needs PostgreSQL 14 or later and a role in pg_monitor.',
  },
  {
    name: 'MesExporterCollectorFailed',
    tier: 'B',
    code: 'MON-B-201',
    expr: `${success}{collector!="locks"} == 0
${targetIsUp}`,
    forMs: 30_000,
    summary: 'The collector {{ $labels.collector }} gets nothing from {{ $labels.target }}',
    description:
      'Its metrics are missing, and alerts on them are blind. Read the log of the exporter for the reason.',
  },
  {
    name: 'MesTargetMissing',
    tier: 'B',
    code: 'MON-B-202',
    expr: `((${seenAndGone(metrics.up)}) or (${seenAndGone(metrics.dbUp)}))
and on () up{job="${exporterJob}"} == 1`,
    forMs: 60_000,
    summary: 'The exporter no longer measures {{ $labels.target }}',
    description:
      'It was there within the last hour and is gone although the exporter runs. Was it taken out of andon.yaml on purpose?',
  },
  {
    name: 'Watchdog',
    tier: 'C',
    code: 'MON-C-301',
    heartbeat: true,
    expr: 'vector(1)',
    forMs: 0,
    summary: 'Alerting works',
    description: 'Always fires. Whoever receives alerts should raise one when this stops arriving.',
  },
];
