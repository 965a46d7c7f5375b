import { readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { faultOf } from '../faults/registry.ts';
import { UndoLog } from '../undo-log.ts';
import { startWatchdog } from '../watchdog.ts';
import { startIdleLoad } from './marked-load.ts';
import { hostOver, standIn } from './test-host.ts';

/** What a doomed runner injects. */
export interface Doom {
  run: string;
  folder: string;
  configFile: string;
  kind: string;
  target: string;
  with: object;
}

/**
 * A runner that injects one fault as the real one does and then waits to be killed. It says how far it is, one word a line,
 * written synchronously: what has been said has been reached.
 */
async function meetDoom({ run, folder, configFile, kind, target: name, with: wish }: Doom): Promise<void> {
  const undoLogFile = path.join(folder, 'undo-log.ndjson');
  const journalFile = path.join(folder, run, 'journal.ndjson');
  const watchdog = await startWatchdog({ run, undoLogFile, configFile, journalFile, self: standIn });
  say(`watchdog ${watchdog.pid}`);
  const targets = targetsSchema.parse(JSON.parse(readFileSync(configFile, 'utf8')));
  const fault = faultOf(kind);
  const found = targets[name];
  if (!found) throw new Error(`no target ${name}`);
  const target = { name, target: found };
  const params = fault.params.parse(wish);
  const plan = fault.plan(params, target, run, 600_000);
  new UndoLog(undoLogFile, systemClock).open({ run, fault: kind, target: name, undo: plan.undo, configFile });
  say('opened');
  const host = hostOver(configFile, targets, startIdleLoad);
  const injecting = fault.inject(plan, params, target, host, new AbortController().signal);
  say('injecting');
  await injecting;
  say('injected');
  setInterval(() => {}, 60_000);
}

const say = (word: string) => writeSync(1, `${word}\n`);

await meetDoom(JSON.parse(process.argv[2] ?? '{}') as Doom);
