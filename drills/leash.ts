import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Clock } from '../kit/clock.ts';
import { UnavailableError } from '../kit/errors.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import { type LeashWish, leashMs } from './leash-main.ts';
import { readyOrEnded } from './ready-line.ts';
import { farewell } from './watchdog-main.ts';

/** Several signs of life fit into the silence that a leash bears. */
const beatEveryMs = 500;
/** After a farewell there is nothing left to do but to end. */
const farewellLimitMs = 5000;

export interface LeashOptions extends LeashWish {
  /** The andon.yaml in which the undo's targets stand. */
  configFile: string;
  /** How `andon` is started once more. */
  self: SelfCommand;
  clock: Clock;
}

/**
 * A process that takes a fault back 3 s after the last sign of life of its runner: the lease of faults that no server gives one.
 * Disposing it is the farewell: the fault is out, and it ends without doing anything.
 */
export interface Leash extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it ended without a farewell: then it has taken the fault back, or was killed. */
  readonly ended: Promise<void>;
}

/** Starts the leash of a fault and returns when it is ready; only then may the fault be injected. */
export async function startLeash({ self, configFile, clock, ...wish }: LeashOptions): Promise<Leash> {
  const args = [...self.args, 'drill', 'leash', '--config', configFile, '--wish', JSON.stringify(wish)];
  // A session of its own: what ends the runner's process group does not reach it.
  const child = spawn(self.command, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  }) as ReturnType<typeof spawn> & { stdin: Socket; stdout: Readable };
  child.stdin.on('error', () => {}); // It has ended: `exit` says so.
  const exit = once(child, 'exit').then(
    ([code, signal]) => `${signal ?? `exit code ${code}`}`,
    (error: Error) => error.message,
  );
  try {
    await readyOrEnded(child.stdout, exit);
  } catch (cause) {
    child.kill('SIGKILL');
    throw new UnavailableError('leash.not-ready', 'the process that limits the fault did not start', {
      mend: 'Nothing was touched. Try again when the computer has memory and processors to spare.',
      cause,
    });
  }
  child.stdout.destroy();
  child.unref();
  child.stdin.unref();
  const stop = new AbortController();
  void beat(child.stdin, clock, stop.signal);
  return {
    pid: child.pid ?? 0,
    ended: exit.then(() => (stop.signal.aborted ? new Promise<void>(() => {}) : undefined)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      child.ref();
      child.stdin.end(`${farewell}\n`);
      const timer = setTimeout(() => child.kill('SIGKILL'), farewellLimitMs);
      await exit;
      clearTimeout(timer);
    },
  };
}

async function beat(stdin: Socket, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && stdin.writable) {
    stdin.write('.\n');
    await clock.sleep(beatEveryMs, signal).catch(() => {});
  }
}

/** For the sentences of a plan. */
export const leashEffect = `a process of its own takes it back ${leashMs / 1000} s after the last sign of life of the drill`;
