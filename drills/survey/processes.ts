import path from 'node:path';
import { messageOf } from '../../kit/errors.ts';
import { serviceBehind } from '../../kit/process/service-of.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { bearingMark, inFolder } from '../faults/host/marked-logs.ts';
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

/** Processes of a drill on this computer, and files of one among its logs. */
export async function surveyHost(
  { logs }: TargetOf<'host'>,
  _name: string,
  { run }: SurveyDeps,
): Promise<string[]> {
  const mark = run === undefined ? undefined : runName(run);
  const processes = markedProcesses(mark ?? /^andon-drill-/).map(
    ({ pid, command }) => `process ${pid} (${command}) of ${markOf(pid) ?? 'a drill'}`,
  );
  return [...processes, ...(logs ? await surveyLogs(logs.folder, mark) : [])];
}

async function surveyLogs(folder: string, mark: string | undefined): Promise<string[]> {
  try {
    const names = await inFolder(folder, (place) => bearingMark(place, mark));
    return names.map((name) => `file ${path.join(folder, name)}`);
  } catch (error) {
    return [`what is left among its logs cannot be told: ${messageOf(error)}`];
  }
}
