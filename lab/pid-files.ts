import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../kit/atomic-file.ts';

/** Where the id of a service's main process stands while it lives. */
export const pidFile = (dir: string, service: string): string => path.join(dir, 'pids', `${service}.pid`);

/** The pid files of a lab, as a service manager keeps them. */
export class PidFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(path.join(dir, 'pids'), { recursive: true });
  }

  write(service: string, pid: number): void {
    writeFileAtomic(pidFile(this.#dir, service), `${pid}\n`);
  }

  remove(service: string): void {
    rmSync(pidFile(this.#dir, service), { force: true });
  }
}
