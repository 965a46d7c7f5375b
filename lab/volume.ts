import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lineOf, untilReady } from '../kit/child-ready.ts';
import { type ChildOwner, startChild } from '../kit/children.ts';
import { messageOf } from '../kit/errors.ts';
import { readyLine } from './services/own-service.ts';

/** So small that filling it is felt by nobody, and large enough for figures with two digits. */
const sizeBytes = 32 * 2 ** 20;
const readyWithinMs = 20_000;

/** A file system of the lab's own, which drills may fill. */
export interface LabVolume extends AsyncDisposable {
  readonly folder: string;
}

/** What stands for the logs of the plant's programs there, as a `host` target names them. */
export const volumeLogs = (folder: string) => ({ folder: path.join(folder, 'logs'), pattern: '*.log*' });

export const volumeFolder = (dir: string): string => path.join(dir, 'volume');

/**
 * Mounts, holds and unmounts. It ends with its standard input or by a signal, so it outlives the lab by a moment however that
 * ends, and unmounts on its way out.
 */
const holder = `exec 3<&0
mount -t tmpfs -o "$2" andon-lab "$1" || exit 1
trap 'umount -l "$1"' EXIT
trap 'exit 0' TERM INT HUP
echo '{"ready":true}'
cat <&3 >/dev/null &
wait`;

/** Mounts a small file system in memory in the lab's folder; undefined where that is not allowed. Only root may. */
export async function mountVolume(
  dir: string,
  { owner, env, logFile }: { owner: ChildOwner; env: Readonly<Record<string, string>>; logFile: string },
): Promise<LabVolume | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const folder = volumeFolder(dir);
  mkdirSync(folder, { mode: 0o755 });
  const args = ['-c', holder, 'volume', folder, `size=${sizeBytes},mode=0755`];
  const child = await startChild({ name: 'volume', command: '/bin/sh', args, env, logFile }, owner);
  try {
    await untilReady(child, () => lineOf(child, readyLine), { timeoutMs: readyWithinMs });
    mkdirSync(volumeLogs(folder).folder);
    return { folder, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    owner.log.info(
      { error: messageOf(error) },
      'no volume could be mounted: drills that fill a disk have none',
    );
    return undefined;
  }
}

/** Unmounts what a lab left that was killed together with all that it had started. */
export function unmountLeftVolume(dir: string): void {
  const folder = volumeFolder(dir);
  while (existsSync(folder) && isMounted(folder))
    execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
}

/** Whether something is mounted there (proc(5), mountinfo: the fifth field, with spaces as octal numbers). */
function isMounted(folder: string): boolean {
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const written = folder.replaceAll(
      /[\\ \t\n]/g,
      (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
    );
    return mounts.some((line) => line.split(' ')[4] === written);
  } catch {
    return false;
  }
}
