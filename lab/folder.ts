import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../kit/atomic-file.ts';
import { UnavailableError } from '../kit/errors.ts';
import { isSameProcess, startTimeOf } from '../kit/process-identity.ts';
import { inTransaction, openSqlite } from '../kit/sqlite.ts';
import { endLeftChildren } from './children-file.ts';
import { type LabFile, labFile, readLabFile } from './status.ts';
import { unmountLeftVolume } from './volume.ts';

/** The folder of one lab, taken by this process; leaving its scope gives it free and keeps the logs. */
export interface LabFolder extends Disposable {
  readonly dir: string;
  /** Writes down where everything listens. */
  announce(addresses: Record<string, string>, ready: boolean): void;
}

/** Takes the folder, throws while another lab lives in it, and clears away what an earlier one left. */
export async function takeLabFolder(dir: string): Promise<LabFolder> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const announce: LabFolder['announce'] = (addresses, ready) => {
    const content: LabFile = {
      pid: process.pid,
      startTime: startTimeOf(process.pid) ?? '',
      ready,
      addresses,
    };
    writeFileAtomic(labFile(dir), `${JSON.stringify(content, null, 2)}\n`, 0o600);
  };
  claim(dir, () => announce({}, false));
  const folder = { dir, announce, [Symbol.dispose]: () => rmSync(labFile(dir), { force: true }) };
  try {
    await endLeftChildren(dir);
    unmountLeftVolume(dir);
    clear(dir);
    return folder;
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** Two labs that start at once take turns here, so that only one of them finds the folder free. */
function claim(dir: string, take: () => void): void {
  const turns = openSqlite(`${dir}.lock`);
  try {
    inTransaction(turns, () => {
      const owner = readLabFile(dir);
      if (owner && isSameProcess(owner.pid, owner.startTime))
        throw new UnavailableError('lab.running', `a lab is already running here (process ${owner.pid})`, {
          mend: 'Use it (`andon drill run db-lock`), or take it down first: andon lab down',
        });
      take();
    });
  } finally {
    turns.close();
  }
}

function clear(dir: string): void {
  const own = path.basename(labFile(dir));
  for (const entry of readdirSync(dir))
    if (entry !== own) rmSync(path.join(dir, entry), { recursive: true, force: true, maxRetries: 5 });
  for (const name of ['secrets', 'acknowledgements', 'mes-config', 'logs'])
    mkdirSync(path.join(dir, name), { mode: name === 'secrets' ? 0o700 : 0o755 });
  writeFileSync(path.join(dir, 'mes-config', 'mes.json'), '{"version": 1}\n');
}
