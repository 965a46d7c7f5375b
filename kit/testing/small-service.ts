import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { modulePath } from '../module-path.ts';
import { freePorts } from '../ports.ts';
import { LocalProcess } from '../process/local-process.ts';
import { waitFor } from '../wait.ts';

/** A service that runs, and the `process` target that describes it; leaving its scope ends it. */
export interface SmallService extends AsyncDisposable {
  readonly pidFile: string;
  readonly target: { kind: 'process'; pid_file: string; start: string[]; drillable: true };
  /** The pid that answers over HTTP; undefined when nobody answers within `limitMs`. */
  answer(limitMs?: number): Promise<number | undefined>;
  /** Returns when it answers, with its pid. */
  answering(): Promise<number>;
}

/** Starts a small HTTP service with a pid file and a child process; `slow` and `stubborn` are those asked to stop. */
export async function startSmallService(manner: '' | 'slow' | 'stubborn' = ''): Promise<SmallService> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-service-'));
  const [port = 0] = await freePorts(1);
  const pidFile = path.join(folder, 'pid');
  const main = modulePath(import.meta.url, './small-service-main');
  const start = [process.execPath, main, pidFile, String(port), manner];
  const target = { kind: 'process', pid_file: pidFile, start, drillable: true } as const;
  const process_ = new LocalProcess('service', { ...target, production: false });
  const service: SmallService = {
    pidFile,
    target,
    async answer(limitMs = 500) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(limitMs) });
        return Number(await response.text());
      } catch {
        return undefined;
      }
    },
    answering: () => waitFor(() => service.answer(2000), { what: 'the small service', timeoutMs: 20_000 }),
    async [Symbol.asyncDispose]() {
      await process_.resume(AbortSignal.timeout(10_000));
      rmSync(folder, { recursive: true, force: true });
      await waitFor(async () => (await service.answer()) === undefined, {
        what: 'the end of the small service',
        timeoutMs: 20_000,
      });
    },
  };
  await process_.start(AbortSignal.timeout(30_000));
  await service.answering();
  return service;
}
