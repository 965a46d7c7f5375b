import { readFileSync, writeSync } from 'node:fs';
import type { z } from 'zod';
import { type Clock, systemClock } from '../kit/clock.ts';
import { messageOf, UsageError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import { startTracing } from '../kit/tracing-start.ts';
import { describeProblems } from './describe-problems.ts';
import { stdoutLog } from './process-log.ts';

/** A process of the plant that serves; leaving its scope ends what it does. */
export interface RunningProcess extends AsyncDisposable {
  readonly url: string;
}

/** What a process of the plant is started with. */
export interface ProcessContext {
  log: Log;
  clock: Clock;
  /** Aborted when the process is asked to end. */
  signal: AbortSignal;
}

/** Longer than any orderly end takes; then the process ends itself hard, so that none is ever left behind. */
const endLimitMs = 5000;

/** The whole life of a plant process: settings file → ready line → until stdin closes or SIGTERM. */
export async function runProcess<S extends z.ZodType<{ log_level: string }>>(
  name: string,
  schema: S,
  start: (settings: z.output<S>, context: ProcessContext) => Promise<RunningProcess>,
): Promise<void> {
  let log = stdoutLog(name, 'info');
  const end = askedToEnd();
  let tracing: AsyncDisposable | undefined;
  try {
    const settings = readSettings(name, process.argv[2], schema);
    log = stdoutLog(name, settings.log_level);
    tracing = await startTracing({ env: process.env, service: `andon-${name}`, log });
    await using running = await start(settings, { log, clock: systemClock, signal: end });
    writeSync(1, `${JSON.stringify({ ready: true, url: running.url })}\n`);
    await untilAborted(end);
  } catch (error) {
    if (!end.aborted) {
      log.fatal({ reason: messageOf(error) }, `${name} cannot start`);
      process.exitCode = 1;
    }
  } finally {
    process.stdin.destroy();
    await tracing?.[Symbol.asyncDispose]();
    // An attempt to send spans that goes on must not keep the process.
    if (tracing !== undefined) process.exit();
  }
}

function readSettings<S extends z.ZodType>(name: string, file: string | undefined, schema: S): z.output<S> {
  if (file === undefined)
    throw new UsageError('plant.no-settings', `${name}: name the settings file as the only argument`);
  const result = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (result.success) return result.data;
  throw new UsageError('plant.settings', `${file}: ${describeProblems(result.error)}`);
}

function askedToEnd(): AbortSignal {
  const controller = new AbortController();
  const end = () => {
    if (controller.signal.aborted) return;
    controller.abort(new Error('asked to end'));
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), endLimitMs).unref();
  };
  process.stdin.once('end', end).once('close', end).once('error', end).resume();
  process.once('SIGTERM', end).once('SIGINT', end);
  return controller.signal;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
