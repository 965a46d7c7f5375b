import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startTimeOf } from './process-identity.ts';

/** A process that leads a group of its own, noted down so that a recycled pid is not taken for it. */
export interface GroupLeader {
  pid: number;
  /** As startTimeOf gave it when the process was started. */
  startTime: string;
}

/** How often a group is looked at while it is ending. */
const pollMs = 20;
/** SIGKILL works at once, unless the process hangs in the kernel: then waiting longer does not help either. */
const killLimitMs = 2000;

/** Asks the group to stop, kills it when it has not stopped in time, and returns when it is gone; true when it had to be killed. */
export async function endGroup(
  leader: GroupLeader,
  { signal, timeoutMs }: { signal: NodeJS.Signals; timeoutMs: number },
): Promise<boolean> {
  if (!signalGroup(leader, signal) || (await groupGone(leader, timeoutMs))) return false;
  signalGroup(leader, 'SIGKILL');
  await groupGone(leader, killLimitMs);
  return true;
}

/** Sends a signal to the whole group; false when there is none, or when the pid belongs to another process by now. */
export function signalGroup({ pid, startTime }: GroupLeader, signal: NodeJS.Signals | 0): boolean {
  const now = startTimeOf(pid);
  if (now !== undefined && now !== startTime) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Whether anybody of the group lives: its leader, or whom the leader has left behind. */
export const isGroupAlive = (leader: GroupLeader): boolean =>
  signalGroup(leader, 0) && hasLiveMembers(leader.pid);

async function groupGone(leader: GroupLeader, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  // A zombie that nobody has buried yet can still be signalled, so that alone does not mean that somebody lives. And one look
  // can miss a process that is forked while it looks.
  for (let emptyLooks = 0; emptyLooks < 2 && signalGroup(leader, 0); ) {
    emptyLooks = hasLiveMembers(leader.pid) ? 0 : emptyLooks + 1;
    if (emptyLooks === 0 && performance.now() >= end) return false;
    await delay(pollMs);
  }
  return true;
}

const hasLiveMembers = (group: number): boolean =>
  readdirSync('/proc').some((name) => /^\d+$/.test(name) && liveGroupOf(name) === group);

/** The process group of a live process (proc(5), field 5 of stat). */
function liveGroupOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : Number(group);
  } catch {
    return undefined;
  }
}
