import { always, type RuleCase, type Series, until, valuesOn } from '../testing/rule-case.ts';

const up = 'up{job="andon-exporter",instance="x"}';
const works = 'mes_exporter_collector_success{collector="queues",target="mes-queue"}';

const gone = (target: string, series: string): RuleCase => ({
  alert: 'MesTargetMissing',
  tier: 'B',
  fires: { [series]: until(1, 'stale', 60_000), [up]: always(1) },
  justUnder: { [series]: until(1, 'stale', 60_000), [up]: until(1, 0, 60_000) },
  whenMissing: 'silent',
  labels: { target },
});

const ready = (queue: string) => `mes_queue_messages_ready{target="mes-queue",vhost="/",queue="${queue}"}`;
const sixMinutes = { stepSeconds: 15, firingStep: 24 };
const slow = valuesOn(sixMinutes);
const vanished = (more: Series): Series => ({
  [ready('a')]: slow.until(0, 'stale', 120_000),
  [ready('b')]: slow.until(0, 'stale', 120_000),
  [works]: slow.always(1),
  [up]: slow.always(1),
  ...more,
});
const missing: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesDataMissing',
  tier: 'B',
  fires: vanished({}),
  whenMissing: 'silent',
  timeline: sixMinutes,
  labels: { target: 'mes-queue', family: 'queues' },
};

export const missingDataCases: readonly RuleCase[] = [
  gone('mes', 'mes_up{target="mes"}'),
  gone('mes-db', 'mes_db_up{target="mes-db"}'),
  gone('mes-queue', 'mes_queue_up{target="mes-queue"}'),
  // One queue of two is a queue that was removed. A collector that fails and an exporter that is down have their own alerts.
  { ...missing, justUnder: vanished({ [ready('b')]: slow.always(0) }) },
  { ...missing, justUnder: vanished({ [works]: slow.until(1, 0, 120_000) }) },
  { ...missing, justUnder: vanished({ [up]: slow.until(1, 0, 120_000) }) },
];
