import { metrics } from '../exporters/catalogue.ts';
import type { RuleSettings } from './config.ts';
import { devicesSilent, silentDevice } from './device-silence.ts';
import { differingSince } from './differing-since.ts';
import { inodeUsage } from './inode-usage.ts';
import { measuredFamilies } from './measured-families.ts';
import { oee } from './oee.ts';
import { connectionUse, operationWaitP95, syncAge, workOrderAge } from './ratios.ts';
import { groupMembersOfDay, recentMoves } from './remembered.ts';
import { resourceUsage } from './resource-usage.ts';
import type { RecordingRule } from './rule.ts';
import { burnRules } from './slo-burn.ts';

// Six scrapes at 5 s: one lost scrape and one restart of the MES in it still leave a rate.
const window = '30s';
const rateOf = (metric: { name: string }) => `sum by (target) (rate(${metric.name}[${window}]))`;

/** MES operations attempted per second, over 30 s. */
export const operationsRate: RecordingRule = {
  record: 'mes:operations:rate30s',
  expr: rateOf(metrics.operations),
};

/**
 * The share of MES operations that succeeded, over 30 s. Without any traffic it is 1 while the MES answers (nothing
 * was asked, nothing failed) and has no value while it does not: silence of a dead MES is no success.
 */
export const operationSuccessRatio: RecordingRule = {
  record: 'mes:operation_success:ratio_rate30s',
  expr: `clamp_min(1 - ${rateOf(metrics.operationsFailed)} / (${rateOf(metrics.operations)} > 0), 0)
or on (target) max by (target) (${metrics.up.name} == 1)`,
};

/** In the order of their evaluation; before every alert. */
export const recordingRulesOf = ({ slos, thresholds, shifts }: RuleSettings): readonly RecordingRule[] => [
  operationsRate,
  operationSuccessRatio,
  operationWaitP95,
  workOrderAge,
  syncAge,
  connectionUse,
  silentDevice,
  devicesSilent,
  differingSince,
  measuredFamilies,
  resourceUsage,
  inodeUsage,
  oee,
  groupMembersOfDay,
  ...(shifts.weekly.length > 0 ? [recentMoves] : []),
  ...burnRules(slos, thresholds.mes.slo_least),
];
