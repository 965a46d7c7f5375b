import { spawn } from 'node:child_process';

/** A start command that runs: it may end when the service lives, or be the service itself. */
export interface StartCommand {
  /** How it failed, in words; undefined while it runs and when it ended with 0. */
  failure(): string | undefined;
}

/**
 * Runs a command (no shell) in a session of its own: what it starts outlives us. Its output is thrown away: it may be the service
 * itself, which would fill a file for years, and would die of a pipe that nobody reads any more.
 */
export function runStartCommand([command = '', ...args]: readonly string[]): StartCommand {
  const child = spawn(command, args, { detached: true, stdio: 'ignore', cwd: '/' });
  let error: string | undefined;
  child.once('error', ({ message }) => {
    error = message;
  });
  child.unref();
  return {
    failure() {
      if (error !== undefined) return error;
      const { exitCode, signalCode } = child;
      if (signalCode !== null) return `its start command ended with ${signalCode}`;
      return exitCode === null || exitCode === 0
        ? undefined
        : `its start command ended with exit code ${exitCode}`;
    },
  };
}
