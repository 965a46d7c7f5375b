import { serviceBehind } from '../../kit/process/service-of.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { markedProcesses, markOf } from '../marked-processes.ts';
import { runName } from '../run-name.ts';
import type { SurveyDeps } from './survey.ts';

const limitMs = 3000;

/** Whether a service lives, and what of it is paused. */
export async function surveyService(
  target: TargetOf<'process'> | TargetOf<'container'>,
  name: string,
): Promise<string[]> {
  const service = serviceBehind({ name, target });
  const limit = () => AbortSignal.timeout(limitMs);
  const [life, paused] = await Promise.all([service.life(limit()), service.paused(limit())]);
  return [...paused, ...(life ? [] : ['it does not live'])];
}

/** Processes of a drill on this computer. */
export async function surveyHost(
  _target: TargetOf<'host'>,
  _name: string,
  { run }: SurveyDeps,
): Promise<string[]> {
  return markedProcesses(run === undefined ? /^andon-drill-/ : runName(run)).map(
    ({ pid, command }) => `process ${pid} (${command}) of ${markOf(pid) ?? 'a drill'}`,
  );
}
