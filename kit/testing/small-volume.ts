import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A file system of its own in memory, so small that filling it harms nobody; leaving its scope unmounts it. */
export interface SmallVolume extends Disposable {
  readonly folder: string;
}

/** Mounts one of so many bytes. Needs root. */
export function mountSmallVolume(bytes: number): SmallVolume {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-volume-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'andon-test', folder], {
      stdio: 'pipe',
    });
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return {
    folder,
    [Symbol.dispose]() {
      execFileSync('umount', ['--lazy', folder]);
      rmdirSync(folder);
    },
  };
}

/** Why none can be mounted here; undefined where one can. */
export function whyNoVolume(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  try {
    mountSmallVolume(2 ** 20)[Symbol.dispose]();
    return undefined;
  } catch {
    return 'mount is not allowed here';
  }
}
