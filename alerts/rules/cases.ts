import type { RuleCase } from '../testing/rule-case.ts';
import { consistencyCases } from './consistency.cases.ts';
import { databaseCases } from './database.cases.ts';
import { deviceCases } from './devices.cases.ts';
import { hostCases } from './host.cases.ts';
import { kafkaCases } from './kafka.cases.ts';
import { mesCases } from './mes.cases.ts';
import { missingDataCases } from './missing-data.cases.ts';
import { monitoringCases } from './monitoring.cases.ts';
import { notifierCases } from './notifier.cases.ts';
import { queueCases } from './queue.cases.ts';
import { queueDelayCases } from './queue-delay.cases.ts';
import { sloCases } from './slo.cases.ts';
import { syncCases } from './sync.cases.ts';
import { transactionCases } from './transactions.cases.ts';
import { workOrderCases } from './work-orders.cases.ts';

/** What every alert must prove with promtool. */
export const allCases: readonly RuleCase[] = [
  ...mesCases,
  ...workOrderCases,
  ...sloCases,
  ...syncCases,
  ...consistencyCases,
  ...databaseCases,
  ...transactionCases,
  ...queueCases,
  ...queueDelayCases,
  ...kafkaCases,
  ...deviceCases,
  ...hostCases,
  ...monitoringCases,
  ...missingDataCases,
  ...notifierCases,
];
