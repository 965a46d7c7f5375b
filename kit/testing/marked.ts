import { readdirSync, readFileSync } from 'node:fs';
import { startTimeOf } from '../process-identity.ts';

/** The environment variable by which a test finds its processes again, whatever became of their parents. */
export const testMark = 'ANDON_TEST_MARK';

/** Every live process that was started with this mark in its environment. */
export function processesMarked(mark: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && startTimeOf(pid) !== undefined && isMarked(pid, mark));
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${testMark}=${mark}`);
  } catch {
    return false;
  }
}

/** The keeper of the process with this pid, if it lives. */
export function keeperOf(owner: number): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .find((pid) => Number.isInteger(pid) && commandOf(pid).includes(`of=${owner}`));
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
