import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf, UnavailableError } from '../errors.ts';
import type { TargetOf } from '../targets.ts';
import { processInfo } from './process-table.ts';

/** systemd answers at once, unless it is stuck: then nothing can be said. */
const systemctlLimitMs = 5000;
/** A file's time and a process's start are not taken by the same clock, and a busy computer starts slowly. */
const slackMs = 5000;
/** Linux counts a process's start in these, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** The id that the pid file or systemd names as the service's main process; undefined when none is named. */
export function mainPid(
  { pid_file: pidFile, unit }: TargetOf<'process'>,
  systemctl: string,
): Promise<number | undefined> {
  return pidFile === undefined ? pidOfUnit(unit ?? '', systemctl) : Promise.resolve(pidIn(pidFile));
}

/** The first line of the file, unless the process of that id is younger than the file: then the file is of a dead one. */
function pidIn(file: string): number | undefined {
  let written: number;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
    written = statSync(file).mtimeMs;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UnavailableError('process.pid-file', `the pid file ${file} cannot be read`, {
      mend: 'Run Andon as a user who may read it.',
      cause,
    });
  }
  const pid = /^\s*(\d+)\s*(\n|$)/.exec(text)?.[1];
  if (pid === undefined) return undefined;
  const startedAt = processInfo(Number(pid))?.startedAt;
  return startedAt !== undefined && startOf(startedAt) <= written + slackMs ? Number(pid) : undefined;
}

/** When a process was started (ms since the Unix epoch), reckoned from our own start. */
export function startOf(startedAt: string): number {
  const ownStart = Date.now() - process.uptime() * 1000;
  const ticks = Number(startedAt) - Number(processInfo(process.pid)?.startedAt ?? 0);
  return ownStart + (ticks * 1000) / ticksPerSecond;
}

async function pidOfUnit(unit: string, systemctl: string): Promise<number | undefined> {
  try {
    const args = ['show', '--property=MainPID', '--value', '--', unit];
    const { stdout } = await promisify(execFile)(systemctl, args, { timeout: systemctlLimitMs });
    return Number(stdout.trim()) || undefined;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const what = `systemd does not tell the main process of ${unit}: ${stderr.trim() || messageOf(error)}`;
    throw new UnavailableError('process.systemctl', what, {
      mend: `Try: systemctl show -p MainPID ${unit}   Where systemd does not run, name a pid_file instead.`,
    });
  }
}
