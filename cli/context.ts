import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type AndonConfig, loadConfig } from '../config/andon-config.ts';
import { StoppedError, UsageError } from '../kit/errors.ts';
import { type Log, stderrLog } from '../kit/log.ts';
import { modulePath, type SelfCommand } from '../kit/module-path.ts';
import { labStatus } from '../lab/status.ts';

/** A stream that commands write to: a terminal, a pipe or a test's. */
export type Output = Writable & { isTTY?: boolean | undefined };

/** What a process gets from outside; a test passes its own. */
export interface Outside {
  env: Record<string, string | undefined>;
  cwd: string;
  stdin: Readable;
  stdout: Output;
  stderr: Output;
}

/** Options that every command knows. */
export interface CommonOptions {
  config?: string;
  json?: boolean;
  quiet?: boolean;
  color?: boolean;
}

/** What every command is given. */
export interface Context extends Outside {
  /** Aborted by the first Ctrl-C or SIGTERM: heal now. */
  signal: AbortSignal;
  self: SelfCommand;
  log: Log;
  /** `.andon` in the working directory. */
  home: string;
  /** Set by a command whose result is not an exception but not a success either. */
  exit: (code: number) => void;
}

/** Builds the context; `exit` reports the code to the caller. */
export function makeContext(outside: Outside, signal: AbortSignal, exit: (code: number) => void): Context {
  return {
    ...outside,
    signal,
    exit,
    self: { command: process.execPath, args: [modulePath(import.meta.url, './bin')] },
    log: stderrLog('andon', outside.env.ANDON_LOG ?? 'warn'),
    home: path.join(outside.cwd, '.andon'),
  };
}

/** A signal that the first Ctrl-C, SIGTERM or hang-up aborts. Later ones only say that healing goes on. */
export function listenForSignals(stderr: Output): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted)
      stderr.write(`\n${name}: already stopping; everything is being put back\n`);
    else controller.abort(new StoppedError('stopped.signal', `stopped by ${name}`));
  };
  const names: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, stop);
    },
  };
}

/** The configuration a command works with: --config, else andon.yaml here, else the running lab's. */
export function findConfig(context: Context, options: CommonOptions): { file: string; config: AndonConfig } {
  const file = configFile(context, options);
  return { file, config: loadConfig(file, context.env) };
}

function configFile(context: Context, options: CommonOptions): string {
  if (options.config !== undefined) return path.resolve(context.cwd, options.config);
  const here = path.join(context.cwd, 'andon.yaml');
  if (existsSync(here)) return here;
  const lab = labStatus(path.join(context.home, 'lab'));
  if (lab.running) return path.join(context.home, 'lab', 'andon.yaml');
  throw new UsageError('config.none', 'there is no andon.yaml here, and no lab is running', {
    mend: 'Name a configuration with --config FILE, or start a practice plant with: andon lab up',
  });
}
