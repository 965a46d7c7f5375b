import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { exporterJob } from '../prometheus-config.ts';
import type { AlertRule } from '../rule.ts';
import { span } from '../wording.ts';

const success = metrics.collectorSuccess.name;

// A collector whose target is down has an alert of its own that says so.
const targetIsUp = `unless on (target) (${metrics.up.name} == 0 or ${metrics.dbUp.name} == 0 or ${metrics.queueUp.name} == 0)`;

const locksText = {
  owner: 'it' as const,
  summary: 'Locks of {{ $labels.target }} cannot be seen',
  meaning: 'The database answers and the lock collector still fails, so MesDatabaseBlocked is blind.',
  action:
    'Read the log of the exporter; it needs PostgreSQL 14 or later and a role in pg_monitor, or MySQL 8 with performance_schema.',
};
const otherText = {
  owner: 'it' as const,
  summary: 'The collector {{ $labels.collector }} gets nothing from {{ $labels.target }}',
  meaning: 'Its metrics are missing, and alerts on them are blind.',
  action: 'Read the log of the exporter for the reason.',
};

const exporterDown: AlertRule = {
  name: 'MesExporterDown',
  tier: 'A',
  code: 'MON-A-101',
  owner: 'it',
  expr: `up{job="${exporterJob}"} == 0 or absent(up{job="${exporterJob}"})`,
  forMs: 10_000,
  canHang: true,
  when: 'the exporter cannot be scraped, 10 s',
  summary: 'The Andon exporter cannot be scraped',
  meaning: 'Nobody watches the MES, its database and its queues.',
  action: 'Look whether `andon exporter` runs.',
};

const locksFailed: AlertRule = {
  ...locksText,
  name: 'MesExporterCollectorFailed',
  tier: 'A',
  code: 'MON-A-102',
  expr: `${success}{collector="locks"} == 0
${targetIsUp}`,
  forMs: 10_000,
  when: 'the lock collector fails, 10 s',
};

const otherFailed: AlertRule = {
  ...otherText,
  name: 'MesExporterCollectorFailed',
  tier: 'B',
  code: 'MON-B-201',
  expr: `${success}{collector!="locks"} == 0
${targetIsUp}`,
  forMs: 30_000,
  when: 'another collector fails, 30 s',
};

const stale = (which: string, staleMs: number): string =>
  `time() - ${metrics.collectorLastSuccess.name}{${which}} > ${staleMs / 1000}
${targetIsUp}`;

const staleness = (staleMs: number): readonly AlertRule[] => {
  const onset = { ms: staleMs, reason: `the last success must be ${span(staleMs)} old` };
  const name = 'MesExporterCollectorStale';
  return [
    {
      ...locksText,
      name,
      tier: 'A',
      code: 'MON-A-103',
      expr: stale('collector="locks"', staleMs),
      forMs: 0,
      onset,
      when: `the last success of the lock collector is over ${span(staleMs)} old`,
    },
    {
      ...otherText,
      name,
      tier: 'B',
      code: 'MON-B-203',
      expr: stale('collector!="locks"', staleMs),
      forMs: 0,
      onset,
      when: `the last success of another collector is over ${span(staleMs)} old`,
    },
  ];
};

const seriesDropped: AlertRule = {
  name: 'MesExporterSeriesDropped',
  tier: 'C',
  code: 'MON-C-302',
  owner: 'it',
  expr: `increase(${metrics.collectorSeriesDropped.name}[5m]) > 0`,
  forMs: 0,
  when: 'a collector left out series in 5 min, because it had more than its limit',
  summary: 'The collector {{ $labels.collector }} of {{ $labels.target }} has too many series',
  meaning: 'Some of its series are missing, and nobody chose which.',
  action: 'Find the label with too many values, or raise exporter: series_limit: if they are all wanted.',
};

const watchdog: AlertRule = {
  name: 'Watchdog',
  tier: 'C',
  code: 'MON-C-301',
  heartbeat: true,
  owner: 'it',
  expr: 'vector(1)',
  forMs: 0,
  when: 'always',
  summary: 'Alerting works',
  meaning: 'Always fires, to prove that alerts get through.',
  action: 'Whoever receives alerts should raise one when this stops arriving.',
};

export const monitoringRules = ({ thresholds: { monitoring } }: RuleSettings): readonly AlertRule[] => [
  exporterDown,
  locksFailed,
  otherFailed,
  ...staleness(monitoring.stale_after),
  seriesDropped,
  watchdog,
];
