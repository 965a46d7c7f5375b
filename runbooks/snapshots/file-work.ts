import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { modulePath } from '../../kit/module-path.ts';
import { copyHashed, Pieces } from './copy-hashed.ts';
import { hashFile } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';

/** One file to read, and where nothing is yet that shall become its copy. */
export interface FileJob {
  source: string;
  to?: string;
  /** What the copy gets at last; its owner only where one is given. */
  gets?: CopyRights;
}

/** The mode of a copy and, where it can be set, its owner. */
export interface CopyRights {
  mode: number;
  owner?: { uid: number; gid: number };
}

/** The SHA-256 of what was read; undefined where there is no such file. */
export type FileResult = string | undefined;

/** Starting a thread costs as much as reading a hundred files. */
const manyFiles = 200;
const batchSize = 50;

/**
 * Reads files, copies them where a job says so, and returns the SHA-256 of each, in the order of the jobs. Neither source nor copy may
 * be a link. Many files are read by threads of their own, each file in one go: that takes a third of the time that asynchronous
 * reading takes for small files, and this process goes on answering meanwhile.
 */
export async function workOnFiles(jobs: readonly FileJob[], signal?: AbortSignal): Promise<FileResult[]> {
  signal?.throwIfAborted();
  return jobs.length < manyFiles ? await workHere(jobs, signal) : await workInThreads(jobs, signal);
}

async function workHere(jobs: readonly FileJob[], signal?: AbortSignal): Promise<FileResult[]> {
  const results: FileResult[] = Array.from({ length: jobs.length });
  const pieces = new Pieces();
  await inParallel(jobs.entries(), 8, async ([index, { source, to, gets }]) => {
    signal?.throwIfAborted();
    const work = to === undefined ? hashFile(source) : copyHashed({ source, to, gets }, pieces);
    results[index] = await work.catch(noSuchFile);
  });
  return results;
}

function noSuchFile(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

async function workInThreads(jobs: readonly FileJob[], signal?: AbortSignal): Promise<FileResult[]> {
  const results: FileResult[] = [];
  let next = 0;
  const workThrough = async (): Promise<void> => {
    const thread = new Thread();
    try {
      for (let from = next; from < jobs.length; from = next) {
        signal?.throwIfAborted();
        next += batchSize;
        const found = await thread.work(jobs.slice(from, from + batchSize));
        for (const [index, result] of found.entries()) results[from + index] = result;
      }
    } finally {
      await thread.end();
    }
  };
  const threads = Math.min(4, os.availableParallelism());
  await inParallel(
    Array.from({ length: threads }, () => workThrough),
    threads,
    (work) => work(),
  );
  return results;
}

/** A thread that does one batch after the other. */
class Thread {
  readonly #worker = new Worker(modulePath(import.meta.url, './file-work-thread'));
  #answer = Promise.withResolvers<FileResult[]>();

  constructor() {
    this.#worker.on('message', (found: FileResult[]) => this.#answer.resolve(found));
    this.#worker.on('error', (error) => this.#answer.reject(error));
    this.#worker.on('exit', () => this.#answer.reject(new Error('the thread that reads files has ended')));
  }

  work(batch: readonly FileJob[]): Promise<FileResult[]> {
    this.#answer = Promise.withResolvers();
    this.#worker.postMessage(batch);
    return this.#answer.promise;
  }

  async end(): Promise<void> {
    this.#answer.promise.catch(() => {});
    await this.#worker.terminate();
  }
}
