import type { RuleCase } from '../testing/rule-case.ts';
import { databaseCases } from './database.cases.ts';
import { deviceCases } from './devices.cases.ts';
import { mesCases } from './mes.cases.ts';
import { monitoringCases } from './monitoring.cases.ts';
import { queueCases } from './queue.cases.ts';

/** What every alert must prove with promtool. */
export const allCases: readonly RuleCase[] = [
  ...mesCases,
  ...databaseCases,
  ...queueCases,
  ...deviceCases,
  ...monitoringCases,
];
