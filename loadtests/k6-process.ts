import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from '../kit/clock.ts';
import { UnavailableError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import { k6Outcome } from './k6-exit.ts';

export interface K6Deps {
  /** The k6 program; see find-k6.ts. */
  k6: string;
  /** Everything that k6 finds in its environment; the script's settings too. */
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Log;
  /** Takes a line that the script logged; false when it is not one of the script's. */
  onLine: (line: string) => boolean;
}

// On SIGINT k6 drops what is in flight and ends within a second.
const stopTimeoutMs = 5000;
const wordsKept = 5;

const options = [
  'run',
  '--quiet',
  '--no-color',
  '--no-usage-report',
  '--log-output=stdout',
  '--log-format=raw',
];

/**
 * A k6 script that runs, alone in its own process group; disposing ends the whole group.
 * It writes into a pipe of ours, so it cannot outlive us by more than one line.
 */
export class K6Process implements AsyncDisposable {
  /** Resolves when k6 is gone and all its lines have been taken. */
  readonly closed: Promise<void>;
  /** Rejects when k6 itself broke; a load that we stopped, or whose limits were missed, is finished. */
  readonly finished: Promise<void>;
  readonly #child: ChildProcess;
  readonly #deps: K6Deps;
  readonly #said: string[] = [];
  #stopping = false;
  #ended = false;

  constructor(script: string, deps: K6Deps) {
    this.#deps = deps;
    this.#child = spawn(deps.k6, [...options, script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Without this k6 may fetch another k6 from the network when it misses an extension.
      env: { ...deps.env, K6_AUTO_EXTENSION_RESOLUTION: 'false' },
    });
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.#child.once('error', (error) => {
      this.#note(error.message);
      resolve(-1);
    });
    this.#child.once('close', resolve);
    this.#read();
    this.closed = promise.then(() => {
      this.#ended = true;
    });
    this.finished = promise.then((code) => this.#judge(code));
    // Nobody has to wait for a load; whoever does is told.
    this.finished.catch(() => {});
  }

  get ended(): boolean {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#signal('SIGINT');
    const patience = new AbortController();
    const late = this.#deps.clock.sleep(stopTimeoutMs, patience.signal).then(
      () => this.#signal('SIGKILL'),
      () => {},
    );
    await this.closed;
    patience.abort();
    await late;
  }

  #read(): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (!this.#deps.onLine(line)) this.#note(line);
      });
    }
  }

  /** k6's own words: the last few explain an exit code. */
  #note(line: string): void {
    if (line.trim() === '') return;
    this.#said.push(line.trim());
    if (this.#said.length > wordsKept) this.#said.shift();
  }

  #judge(code: number | null): void {
    const { kind, reason } = k6Outcome(code);
    if (kind === 'limits-missed') this.#deps.log.warn({ code }, `k6: ${reason}`);
    if (this.#stopping || kind === 'done' || kind === 'limits-missed') return;
    throw new UnavailableError(
      'k6.failed',
      `k6 could not play the users (${reason}): ${this.#said.join(' | ')}`,
      {
        mend: 'Run `k6 version`: it must be 1.0 or newer. The words after the colon are k6’s own.',
      },
    );
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined || this.#ended) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
