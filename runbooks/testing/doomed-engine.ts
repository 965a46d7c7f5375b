import { writeSync } from 'node:fs';
import path from 'node:path';
import { actsIn } from './acts-file.ts';
import { Mortality } from './mortality.ts';
import { type Beginning, live, type ScriptedStep } from './scripted-run.ts';

/** What a doomed engine carries out, where, and at which boundary it is killed. */
export interface Doom {
  folder: string;
  steps: ScriptedStep[];
  beginning: Beginning;
  dieAt: number | null;
  now: number;
}

/** Files of a run, by the folder that they stand in. */
export const worldIn = (folder: string, steps: readonly ScriptedStep[], beginning: Beginning) => ({
  storeFile: path.join(folder, 'runs.sqlite'),
  auditFile: path.join(folder, 'audit.ndjson'),
  next: actsIn(path.join(folder, 'acts.ndjson'), steps),
  verified: true,
  beginning,
});

/** Ends this process as SIGKILL does: nothing of it runs any more. */
function kill(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; not even a few more instructions may write.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error('alive after SIGKILL');
}

if (process.argv[2] !== undefined) {
  const { folder, steps, beginning, dieAt, now } = JSON.parse(process.argv[2]) as Doom;
  const mortality = new Mortality(dieAt ?? Number.POSITIVE_INFINITY, kill);
  await live(steps, worldIn(folder, steps, beginning), { now, mortality, life: 0 });
  writeSync(1, `${mortality.passed}\n`);
}
