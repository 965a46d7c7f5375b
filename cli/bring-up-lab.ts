import path from 'node:path';
import { loadConfig } from '../config/andon-config.ts';
import { closeReplaced } from '../drills/clean.ts';
import { UndoLog } from '../drills/undo-log.ts';
import { systemClock } from '../kit/clock.ts';
import { UsageError } from '../kit/errors.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { weaknesses } from '../plant/settings.ts';
import type { Context } from './context.ts';
import type { Progress } from './progress.ts';

type Weakness = (typeof weaknesses)[number];

/** Starts the lab in `.andon/lab` and shows how it comes up. */
export async function bringUpLab(
  context: Context,
  weaken: readonly string[],
  progress: Progress,
): Promise<Lab> {
  const weak = checkWeaknesses(weaken);
  const startedAt = Date.now();
  const lab = await startLab({
    dir: path.join(context.home, 'lab'),
    self: context.self,
    env: context.env,
    weaken: weak,
    log: context.log,
    signal: context.signal,
    onProgress: ({ service, state, ms }) => {
      if (state === 'ready') progress.line(`lab: ${service} ready after ${(ms / 1000).toFixed(1)} s`);
    },
  });
  await forgetEarlierLab(context, lab.configFile);
  progress.line(`lab: all ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return lab;
}

/** Accepts the names of weaknesses, or names every unknown one. */
export function checkWeaknesses(wanted: readonly string[]): Weakness[] {
  const isKnown = (name: string): name is Weakness => weaknesses.some((known) => known === name);
  const unknown = wanted.filter((name) => !isKnown(name));
  if (unknown.length === 0) return wanted.filter(isKnown);
  throw new UsageError('lab.weakness', `unknown weakness: ${unknown.join(', ')}`, {
    mend: `Known are ${weaknesses.join(', ')}.`,
  });
}

/** What a drill had broken in an earlier lab of this folder went with that lab. */
async function forgetEarlierLab({ home, env }: Context, configFile: string): Promise<void> {
  const undoLog = new UndoLog(path.join(home, 'undo-log.ndjson'), systemClock);
  await closeReplaced(undoLog, configFile, { targets: loadConfig(configFile, env).targets, fetch });
}
