import { always, type RuleCase, until } from '../testing/rule-case.ts';

const up = 'up{job="andon-exporter",instance="x"}';
const success = (collector: string) =>
  `mes_exporter_collector_success{collector="${collector}",target="mes-db"}`;
const dbUp = 'mes_db_up{target="mes-db"}';

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
    alert: 'MesTargetMissing',
    tier: 'B',
    fires: { [dbUp]: until(1, 'stale', 60_000), [up]: always(1) },
    justUnder: { [dbUp]: until(1, 'stale', 60_000), [up]: until(1, 0, 60_000) },
    whenMissing: 'silent',
    labels: { target: 'mes-db' },
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
