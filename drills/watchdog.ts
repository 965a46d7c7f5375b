import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { UnavailableError } from '../kit/errors.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import { readyOrEnded } from './ready-line.ts';
import { farewell } from './watchdog-main.ts';

/** After a farewell there is nothing left to do but to end. */
const farewellLimitMs = 5000;
/** Without one it undoes, and may try for a minute. */
const undoLimitMs = 90_000;

export interface WatchdogOptions {
  run: string;
  undoLogFile: string;
  /** Its targets are where the undos go; the watchdog reads it before it is ready. */
  configFile: string;
  /** The run's journal, into which it writes what it had to do. `watchdog.log` stands beside it. */
  journalFile: string;
  /** How `andon` is started once more. */
  self: SelfCommand;
}

/**
 * The process that undoes when this one cannot. Leaving its scope ends it: after `dismiss` in peace, without it the watchdog
 * undoes whatever is still open, and leaving waits for that.
 */
export interface Watchdog extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the reason if it ends before it may: then nobody watches any more, and the drill should stop. */
  readonly lost: Promise<string>;
  /** All is healed: it may end without doing anything. */
  dismiss(): void;
}

/** Starts the watchdog of a run and returns when it is ready; only then may anything be injected. */
export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const logFile = path.join(path.dirname(options.journalFile), 'watchdog.log');
  const child = spawnDetached(options, logFile);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const { stdin, stdout } = child;
  stdin.on('error', () => {}); // It has ended: `ended` says so.
  try {
    await readyOrEnded(stdout, ended);
  } catch (error) {
    child.kill('SIGKILL');
    throw new UnavailableError('watchdog.not-ready', `the watchdog did not start: ${tailOf(logFile)}`, {
      mend: `See ${logFile}. Nothing was touched.`,
      cause: error,
    });
  }
  stdout.destroy();
  child.unref();
  stdin.unref();
  return handle(child, ended);
}

function handle(child: ChildProcess & { stdin: Socket }, ended: Promise<string>): Watchdog {
  let dismissed = false;
  let leaving = false;
  return {
    pid: child.pid ?? 0,
    lost: ended.then((reason) => (leaving ? new Promise<string>(() => {}) : reason)),
    dismiss() {
      dismissed = true;
      leaving = true;
      child.stdin.end(`${farewell}\n`);
    },
    async [Symbol.asyncDispose]() {
      leaving = true;
      if (!dismissed) child.stdin.end();
      child.ref();
      const timer = setTimeout(() => child.kill('SIGKILL'), dismissed ? farewellLimitMs : undoLimitMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function spawnDetached(
  { self, run, undoLogFile, configFile, journalFile }: WatchdogOptions,
  logFile: string,
) {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  try {
    const files = ['--undo-log', undoLogFile, '--config', configFile, '--journal', journalFile];
    // A session of its own: Ctrl-C and a closed terminal reach the runner's process group, not this one.
    // stderr is a file, so that nobody who reads the runner's output has to wait for the watchdog.
    return spawn(self.command, [...self.args, 'drill', 'watchdog', '--run', run, ...files], {
      detached: true,
      stdio: ['pipe', 'pipe', log],
    }) as ReturnType<typeof spawn> & { stdin: Socket; stdout: Readable };
  } finally {
    closeSync(log);
  }
}

function tailOf(file: string): string {
  const text = readFileSync(file, 'utf8').trim();
  return text === '' ? 'it said nothing' : text.slice(-2000);
}
