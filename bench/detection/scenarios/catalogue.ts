import type { Scenario } from '../scenario.ts';
import { databaseScenarios } from './database.ts';
import { mesBreakingScenarios, mesUsingScenarios, slowMesScenarios } from './mes.ts';
import { otherScenarios } from './others.ts';
import { queueDown, queueScenarios, slowQueueScenarios } from './queue.ts';

/** All of them, those that take minutes first. */
export const scenarios: readonly Scenario[] = [
  ...slowMesScenarios,
  ...slowQueueScenarios,
  ...queueScenarios,
  ...mesUsingScenarios,
  ...databaseScenarios,
  ...otherScenarios,
  ...mesBreakingScenarios,
  queueDown,
];

/** A alerts whose condition cannot be made in a lab at all, with the reason. */
export const excused: Readonly<Record<string, string>> = {};
