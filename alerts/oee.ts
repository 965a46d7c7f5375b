import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

/** Four readings a day are enough for a week: all others need not even be unpacked. */
const week = '[7d:6h]';
/** A week in which a line was planned for less than one shift says nothing. */
const leastPlannedSeconds = 8 * 3600;

/**
 * The OEE (ISO 22400-2) of a line over seven days: availability × effectiveness × quality = APT/PBT × PRI·PQ/APT × GQ/PQ.
 * APT and PQ stand above and below once each, so PRI·GQ/PBT is the same.
 */
export const oee: RecordingRule = {
  record: 'mes:oee:ratio1w',
  slow: true,
  expr: `max by (target, line) (avg_over_time(${metrics.plannedRunTimePerItem.name}${week})
* on (target, line) increase(${metrics.goodItems.name}${week})
/ on (target, line) (increase(${metrics.plannedBusySeconds.name}${week}) >= ${leastPlannedSeconds}))`,
};
