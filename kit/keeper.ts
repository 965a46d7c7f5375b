import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { UnavailableError } from './errors.ts';
import type { KeeperMessage, KeptChild } from './keeper-main.ts';
import { modulePath } from './module-path.ts';

/** A cold start of Node on a busy computer. */
const readyLimitMs = 20_000;

/**
 * A small process that outlives this one by seconds: it ends every registered child when this process dies, however it dies.
 * Leaving its scope ends it, and with it whatever is still registered.
 */
export interface Keeper extends AsyncDisposable {
  readonly pid: number;
  /** Returns when the keeper knows the child: from then on this process may die. */
  register(child: KeptChild): Promise<void>;
  /** The child has ended. */
  release(pid: number): void;
}

/** Starts a keeper for this process. Linux only. Throws an UnavailableError when it does not start. */
export async function startKeeper(): Promise<Keeper> {
  const keeper = new KeeperProcess();
  await keeper.ready();
  return keeper;
}

type PipedProcess = ChildProcess & { stdin: Socket; stdout: Socket };

class KeeperProcess implements Keeper {
  readonly #child: PipedProcess;
  readonly #ended: Promise<void>;
  /** Who waits for which line of the keeper. */
  readonly #waiting = new Map<string, () => void>();

  constructor() {
    // A session of its own: what the terminal sends to our group does not reach it.
    const main = modulePath(import.meta.url, './keeper-main');
    this.#child = spawn(process.execPath, [main, `of=${process.pid}`], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
      cwd: '/',
    }) as PipedProcess;
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', () => resolve());
    });
    this.#child.stdin.on('error', () => {}); // It has died: `#ended` says so.
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.get(line)?.());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<void> {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), readyLimitMs);
    await this.#answer('ready').finally(() => clearTimeout(limit));
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout]) handle.unref();
  }

  async register(kept: KeptChild): Promise<void> {
    const answer = this.#answer(String(kept.pid));
    this.#tell({ register: kept });
    await answer;
  }

  release(pid: number): void {
    this.#tell({ release: pid });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.ref();
    this.#child.stdin.end();
    await this.#ended;
  }

  #tell(message: KeeperMessage): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  async #answer(line: string): Promise<void> {
    const answered = new Promise<true>((resolve) => this.#waiting.set(line, () => resolve(true)));
    const isThere = await Promise.race([answered, this.#ended]);
    this.#waiting.delete(line);
    if (isThere) return;
    throw new UnavailableError('keeper.lost', 'the keeper, which ends child processes if we die, has died', {
      mend: 'Start again; if it happens again, look for what kills processes of this computer.',
    });
  }
}
