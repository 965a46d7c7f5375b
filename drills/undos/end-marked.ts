import { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import type { ProcessInfo } from '../../kit/process/process-table.ts';
import { waitFor } from '../../kit/wait.ts';
import { markedProcesses, markVariable } from '../marked-processes.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** How long a process may take to say goodbye: long enough for k6's summary, short of the 5 s of every undo. */
const politeMs = 1500;
/** A killed process is gone at once, unless the kernel itself is busy with it. */
const killedMs = 3000;

const schema = z.strictObject({ kind: z.literal('process.end-marked'), mark: z.string() });

/** Ends every process that carries the undo's mark, with all its descendants: TERM first, then KILL. Linux only. */
export const endMarked: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ mark }, { clock = systemClock }, signal) {
    const left = () => markedProcesses(mark);
    const started = clock.now();
    const asked = new Set<string>();
    await waitFor(
      () => {
        const processes = left();
        const patient = clock.now() - started < politeMs;
        for (const process of processes) {
          if (!patient) send(process, 'SIGKILL');
          else if (!asked.has(identity(process))) send(process, 'SIGTERM');
          asked.add(identity(process));
        }
        return processes.length === 0;
      },
      {
        what: `the end of the processes with ${markVariable}=${mark}`,
        timeoutMs: politeMs + killedMs,
        everyMs: 50,
        signal,
        clock,
      },
    );
  },
  byHand({ mark }) {
    return `Find them with: grep -lz '^${markVariable}=${mark}$' /proc/[0-9]*/environ  and end each with: kill -9 PID`;
  },
};

const identity = ({ pid, startedAt }: ProcessInfo): string => `${pid}@${startedAt}`;

function send({ pid }: ProcessInfo, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended between the look and the signal: that is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
