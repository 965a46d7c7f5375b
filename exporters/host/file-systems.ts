import type { StatsFs } from 'node:fs';
import { messageOf } from '../../kit/errors.ts';

/** What a file system says of itself; `inodes` is 0 where it has no fixed number of them. */
export interface FileSystemUse {
  readonly mountpoint: string;
  readonly size: number;
  readonly available: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** What was found, and one sentence for each file system that did not answer. */
export interface FileSystemsFound {
  readonly found: readonly FileSystemUse[];
  readonly problems: readonly string[];
}

/** Node asks the kernel in one of four threads, which an unanswered question keeps for good: two are left to the rest. */
const mostUnanswered = 2;

/**
 * Asks file systems one after the other. One that hangs, as a file server does that is gone, is left behind after `limitMs` and
 * not asked again before it has answered: neither the scrape nor the process hangs with it.
 */
export class FileSystems {
  readonly #statfs: (mountpoint: string) => Promise<StatsFs>;
  readonly #limitMs: number;
  readonly #unanswered = new Set<string>();

  constructor(statfs: (mountpoint: string) => Promise<StatsFs>, limitMs: number) {
    this.#statfs = statfs;
    this.#limitMs = limitMs;
  }

  /** `must` says of which mount points a refusal is a problem too, besides silence. */
  async ask(mountpoints: Iterable<string>, must: readonly string[]): Promise<FileSystemsFound> {
    const found: FileSystemUse[] = [];
    const problems: string[] = [];
    for (const mountpoint of mountpoints) {
      if (this.#unanswered.has(mountpoint)) problems.push(`${mountpoint} still does not answer`);
      else if (this.#unanswered.size >= mostUnanswered) problems.push(`${mountpoint} was not asked`);
      else {
        const answer = await this.#ask(mountpoint);
        if (answer === 'silent') problems.push(`${mountpoint} does not answer`);
        else if (answer instanceof Error) {
          if (must.includes(mountpoint)) problems.push(`${mountpoint}: ${messageOf(answer)}`);
        } else if (answer.blocks > 0) found.push(useOf(mountpoint, answer));
      }
    }
    return { found, problems };
  }

  async #ask(mountpoint: string): Promise<StatsFs | Error | 'silent'> {
    this.#unanswered.add(mountpoint);
    const answer = this.#statfs(mountpoint)
      .catch((error: unknown) => (error instanceof Error ? error : new Error(messageOf(error))))
      .finally(() => this.#unanswered.delete(mountpoint));
    const { promise: limit, resolve } = Promise.withResolvers<'silent'>();
    const timer = setTimeout(() => resolve('silent'), this.#limitMs);
    try {
      return await Promise.race([answer, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function useOf(mountpoint: string, stats: StatsFs): FileSystemUse {
  // The unit of the counts is the fragment (statvfs(3)); older Node tells the block alone, which is mostly the same.
  const unit = stats.frsize || stats.bsize;
  return {
    mountpoint,
    size: unit * stats.blocks,
    available: unit * stats.bavail,
    inodes: stats.files,
    inodesFree: stats.ffree,
  };
}
