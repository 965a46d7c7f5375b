import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../kit/atomic-file.ts';
import { UnavailableError } from '../kit/errors.ts';
import { isSameProcess, startTimeOf } from '../kit/process-identity.ts';
import { type LabFile, labFile, readLabFile } from './status.ts';

/** The folder of one lab, taken by this process; leaving its scope gives it free and keeps the logs. */
export interface LabFolder extends Disposable {
  readonly dir: string;
  /** Writes down where everything listens. */
  announce(addresses: Record<string, string>, ready: boolean): void;
}

/** Takes the folder, throws while another lab lives in it, and clears away what an earlier one left. */
export function takeLabFolder(dir: string): LabFolder {
  const owner = readLabFile(dir);
  if (owner && isSameProcess(owner.pid, owner.startTime)) {
    throw new UnavailableError('lab.running', `a lab is already running here (process ${owner.pid})`, {
      mend: 'Use it (`andon drill run db-lock`), or take it down first: andon lab down',
    });
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  for (const name of ['secrets', 'acknowledgements', 'mes-config', 'logs']) {
    mkdirSync(path.join(dir, name), { recursive: true, mode: name === 'secrets' ? 0o700 : 0o755 });
  }
  writeFileSync(path.join(dir, 'mes-config', 'mes.json'), '{"version": 1}\n');
  const announce: LabFolder['announce'] = (addresses, ready) => {
    const content: LabFile = {
      pid: process.pid,
      startTime: startTimeOf(process.pid) ?? '',
      ready,
      addresses,
    };
    writeFileAtomic(labFile(dir), `${JSON.stringify(content, null, 2)}\n`, 0o600);
  };
  announce({}, false);
  return { dir, announce, [Symbol.dispose]: () => rmSync(labFile(dir), { force: true }) };
}
