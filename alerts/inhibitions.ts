/** A louder alert that makes a quieter one needless, where both speak of the same thing. */
export interface Inhibition {
  /** Alertmanager matchers, as in `tier="A"`. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** Labels that must be the same on both. A label missing on both counts as the same. */
  readonly equal: readonly string[];
}

/**
 * What names the thing an alert is about. All that any alert carries stands here, because a label that is left out is not
 * compared: a full disk would silence the processor beside it. One device of a line is part of the line, so it is left out.
 */
export const sameThing: readonly string[] = [
  'target',
  'line',
  'vhost',
  'queue',
  'group',
  'topic',
  'source',
  'destination',
  'entity',
  'dimension',
  'state',
  'operation',
  'slo',
  'resource',
  'mountpoint',
  'collector',
  'family',
];

const isAlert = (...names: string[]): readonly string[] =>
  names.length === 1 ? [`alertname="${names[0]}"`] : [`alertname=~"${names.join('|')}"`];

/** What silences is known no later than what it silences, or the quieter would be sent first. */
export const inhibitions: readonly Inhibition[] = [
  { source: ['tier="A"'], target: ['tier=~"B|C"'], equal: ['alertname', ...sameThing] },
  { source: ['tier="B"'], target: ['tier="C"'], equal: ['alertname', ...sameThing] },
  {
    // One long wait alone is an A too, but where many wait the other alert says it better.
    source: isAlert('MesDatabaseBlocked'),
    target: isAlert('MesDatabaseLockWait', 'MesDatabaseCrowded'),
    equal: ['target'],
  },
  {
    source: isAlert('MesQueueStuck'),
    target: isAlert('MesQueueNotDraining', 'MesQueueMessageOld'),
    equal: ['target', 'vhost', 'queue'],
  },
  {
    source: isAlert('MesOperationsFailing'),
    target: isAlert('MesSuccessBudgetBurning', 'MesLatencyBudgetBurning'),
    equal: ['target'],
  },
  {
    source: isAlert('MesExporterCollectorFailed'),
    target: isAlert('MesExporterCollectorStale'),
    equal: ['target', 'collector'],
  },
  { source: isAlert('MesTargetMissing'), target: isAlert('MesDataMissing'), equal: ['target'] },
  {
    // Only what comes straight from the series of that very exporter. Where Prometheus knows no exporter at all the alert has no
    // instance; without the last matcher it would silence every alert that has none either.
    source: isAlert('MesExporterDown'),
    target: ['alertname!="MesExporterDown"', 'instance=~".+"'],
    equal: ['job', 'instance'],
  },
];
