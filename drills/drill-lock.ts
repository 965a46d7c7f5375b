import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UnavailableError } from '../kit/errors.ts';
import { isSameProcess, startTimeOf } from '../kit/process-identity.ts';

/** One drill at a time in one `.andon`: throws while another one's process lives; a dead one's lock is taken over. */
export function takeDrillLock(home: string): Disposable {
  mkdirSync(home, { recursive: true });
  const file = path.join(home, 'drill.lock');
  const mine = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) });
  try {
    writeFileSync(file, mine, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    refuseWhileAlive(file);
    writeFileSync(file, mine);
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

function refuseWhileAlive(file: string): void {
  const owner = readOwner(file);
  if (!owner || !isSameProcess(owner.pid, owner.startTime)) return;
  throw new UnavailableError('drill.locked', `another drill is running here (process ${owner.pid})`, {
    mend: 'Wait for its end, or stop it with Ctrl-C: it heals before it goes. Nothing was touched.',
  });
}

function readOwner(file: string): { pid: number; startTime: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startTime: string };
  } catch {
    return undefined;
  }
}
