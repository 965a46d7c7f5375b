import {
  always,
  at,
  firingSecond,
  growing,
  grownOnce,
  type RuleCase,
  type Series,
  until,
  type Values,
} from '../testing/rule-case.ts';

const up = 'up{job="andon-exporter",instance="x"}';
const success = (collector: string) =>
  `mes_exporter_collector_success{collector="${collector}",target="mes-db"}`;
const dbUp = 'mes_db_up{target="mes-db"}';

const dropped = 'mes_exporter_collector_series_dropped_total{collector="queues",target="mes-queue"}';

/** A collector that last succeeded so long before the firing step. */
const stale = (collector: string, seconds: number, databaseUp: Values): Series => ({
  [`mes_exporter_collector_last_success_timestamp_seconds{collector="${collector}",target="mes-db"}`]: at(
    () => firingSecond - seconds,
  ),
  [dbUp]: databaseUp,
});
const staleness = (tier: 'A' | 'B', collector: string): RuleCase[] =>
  [stale(collector, 30, always(1)), stale(collector, 300, always(0))].map((justUnder) => ({
    alert: 'MesExporterCollectorStale',
    tier,
    fires: stale(collector, 31, always(1)),
    justUnder,
    whenMissing: 'silent' as const,
    labels: { collector, target: 'mes-db' },
    notEarlier: true as const,
  }));

export const monitoringCases: readonly RuleCase[] = [
  {
    alert: 'MesExporterDown',
    tier: 'A',
    fires: { [up]: until(1, 0, 10_000) },
    justUnder: { [up]: always(1) },
    whenMissing: 'fires',
    labels: { job: 'andon-exporter', instance: 'x' },
    missingLabels: { job: 'andon-exporter' },
  },
  {
    alert: 'MesExporterCollectorFailed',
    tier: 'A',
    fires: { [success('locks')]: until(1, 0, 10_000), [dbUp]: always(1) },
    // The database is down, which has an alert of its own.
    justUnder: { [success('locks')]: always(0), [dbUp]: always(0) },
    whenMissing: 'silent',
    labels: { collector: 'locks', target: 'mes-db' },
  },
  {
    alert: 'MesExporterCollectorFailed',
    tier: 'B',
    fires: { [success('work_orders')]: until(1, 0, 30_000), [dbUp]: always(1) },
    justUnder: { [success('locks')]: always(0), [success('work_orders')]: always(1) },
    whenMissing: 'silent',
    labels: { collector: 'work_orders', target: 'mes-db' },
  },
  {
    alert: 'MesExporterCollectorFailed',
    tier: 'B',
    fires: { [success('canary')]: until(1, 0, 30_000), 'mes_queue_up{target="mes-db"}': always(1) },
    // So is the broker.
    justUnder: { [success('canary')]: always(0), 'mes_queue_up{target="mes-db"}': always(0) },
    whenMissing: 'silent',
    labels: { collector: 'canary', target: 'mes-db' },
  },
  ...staleness('A', 'locks'),
  ...staleness('B', 'connections'),
  {
    alert: 'MesExporterSeriesDropped',
    tier: 'C',
    fires: { [dropped]: grownOnce(3) },
    justUnder: { [dropped]: growing(0) },
    whenMissing: 'silent',
    labels: { collector: 'queues', target: 'mes-queue' },
  },
  {
    alert: 'Watchdog',
    tier: 'C',
    fires: {},
    // It can never be silent: that is what it is for.
    justUnder: undefined,
    whenMissing: 'fires',
    labels: {},
  },
];
