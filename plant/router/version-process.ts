import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../kit/errors.ts';
import { nodeArguments, plantPrograms } from '../processes.ts';
import type { RouterSettings } from '../settings.ts';
import type { StartVersion, VersionProcess } from './candidate.ts';

/** A cold start of Node on a busy computer. */
const readyWithinMs = 30_000;
/** An instance that only answers has nothing to finish. */
const endWithinMs = 1500;

/**
 * Starts versions as children of this process: copies of the MES that only answer. A child ends when the pipe to its stdin does, so
 * none outlives this process however that ends.
 */
export function versionStarter({ mes_settings: file, folder, log_folder }: RouterSettings): StartVersion {
  return async ({ version, fails }, signal) => {
    const own = { listen: { port: 0 }, duties: 'requests', defect: { fail_ratio: fails } };
    const copy = path.join(folder, `candidate-${version}.json`);
    writeFileSync(copy, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...own }), {
      mode: 0o600,
    });
    try {
      const args = [...nodeArguments, plantPrograms.mes.module, copy];
      const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      return await serving(child, path.join(log_folder, `candidate-${version}.log`), signal);
    } finally {
      rmSync(copy, { force: true }); // It holds secrets, and has been read.
    }
  };
}

async function serving(child: ChildProcess, logFile: string, signal: AbortSignal): Promise<VersionProcess> {
  child.stdin?.on('error', () => {});
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  const end = async () => {
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
    await exited;
    clearTimeout(timer);
  };
  try {
    const url = await readyUrl(child, logFile, exited, signal);
    return { url, exited, [Symbol.asyncDispose]: end };
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  }
}

/** Its ready line says where it serves; everything it says stands in its log. */
async function readyUrl(
  { stdout }: ChildProcess,
  logFile: string,
  exited: Promise<void>,
  signal: AbortSignal,
): Promise<string> {
  if (!stdout) throw new Error('the version has no output');
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 }).on('error', () => {});
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal, AbortSignal.timeout(readyWithinMs)]);
  void exited.then(() => over.abort(new Error(`it ended before it was ready; see ${logFile}`)));
  const ready = Promise.withResolvers<string>();
  createInterface({ input: stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    const url = /^\{.*"ready":true,"url":"(?<url>[^"]+)"/.exec(line)?.groups?.url;
    if (url !== undefined) ready.resolve(url);
  });
  const aborted = once(limit, 'abort').then(() => {
    throw limit.reason instanceof Error ? limit.reason : new Error(messageOf(limit.reason));
  });
  aborted.catch(() => {});
  if (signal.aborted) throw signal.reason;
  return Promise.race([ready.promise, aborted]);
}
