import path from 'node:path';
import { untilReady } from '../../kit/child-ready.ts';
import { type Child, type ChildOwner, startChild } from '../../kit/children.ts';

export interface PrometheusOptions {
  folder: string;
  logFile: string;
  port: number;
  program: string;
  configFile: string;
  env: Readonly<Record<string, string>>;
  owner: ChildOwner;
  signal?: AbortSignal;
}

const readyWithinMs = 60_000;

/** Starts Prometheus on the loopback, with a reload by HTTP. */
export async function startPrometheus(options: PrometheusOptions): Promise<Child> {
  const { folder, logFile, port, program, configFile, env, owner, signal } = options;
  const args = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${path.join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-lifecycle',
    '--log.level=warn',
  ];
  const child = await startChild({ name: 'prometheus', command: program, args, env, logFile }, owner);
  return readyAt(child, `http://127.0.0.1:${port}/-/ready`, signal);
}

/** Waits until a server answers there with a success; stops it when it does not. */
export async function readyAt(child: Child, url: string, signal?: AbortSignal): Promise<Child> {
  try {
    await untilReady(child, async () => (await fetch(url)).ok, {
      timeoutMs: readyWithinMs,
      everyMs: 50,
      signal,
    });
    return child;
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}
