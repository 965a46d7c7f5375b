import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { UnavailableError } from '../../../kit/errors.ts';
import { modulePath } from '../../../kit/module-path.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { forgottenAfterMs, leaseMs, renewEveryMs } from '../../lease.ts';
import { markedProcesses, markVariable } from '../../marked-processes.ts';
import { lastingResidue } from '../../residue.ts';
import { runName } from '../../run-name.ts';
import { revert } from '../../undo.ts';
import type { BurnerWish } from './burner-wish.ts';

/** A cold start of Node on a busy computer. */
const readyLimitMs = 20_000;
/** It has nothing to say goodbye to; then it is killed. */
const politeMs = 1500;
const undoLimitMs = 10_000;

/** For the sentences of a plan. */
export const burnerEffect = (run: string): string =>
  `the process that does so carries ${markVariable}=${runName(run)} and ends ${leaseMs / 1000} s after the last sign of life of the drill`;

/** Starts the process that carries a burden, and returns when it is at it. */
export async function burn(
  plan: Plan,
  burden: BurnerWish['burden'],
  host: Host,
  signal: AbortSignal,
): Promise<Injection> {
  const burner = new Burner(plan, burden, host);
  try {
    await burner.ready(signal);
    return burner;
  } catch (error) {
    await burner[Symbol.asyncDispose]();
    throw error;
  }
}

class Burner implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #plan: Plan;
  readonly #host: Host;
  readonly #stdin: Socket;
  readonly #exit: Promise<string>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #said: string[] = [];
  #taken = 0;
  #lifting: Promise<void> | undefined;

  constructor(plan: Plan, burden: BurnerWish['burden'], host: Host) {
    this.#plan = plan;
    this.#host = host;
    const wish: BurnerWish = { burden, longestMs: plan.durationMs + forgottenAfterMs };
    // A session of its own: Ctrl-C reaches the runner, which ends it in its own time.
    const child = spawn(
      process.execPath,
      [modulePath(import.meta.url, './burner-main'), JSON.stringify(wish)],
      {
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { [markVariable]: runName(plan.run) },
        cwd: '/',
      },
    );
    this.#stdin = child.stdin as Socket;
    this.#stdin.on('error', () => {}); // It has ended: `exit` says so.
    this.#exit = once(child, 'close').then(
      ([code, by]) => `${by ?? `exit code ${code}`}`,
      (error: Error) => error.message,
    );
    createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line));
    createInterface({ input: child.stderr }).on('line', (line) => this.#said.push(line));
    this.liftedByOthers = this.#exit.then(() => (this.#lifting ? new Promise<string>(() => {}) : 'others'));
    void this.#beat();
  }

  async ready(signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, AbortSignal.timeout(readyLimitMs)]);
    const aborted = new Promise<string>((resolve) => {
      over.addEventListener('abort', () => resolve('it took too long'), { once: true });
    });
    over.throwIfAborted();
    const how = await Promise.race([this.#ready.promise, this.#exit, aborted]);
    signal.throwIfAborted();
    if (how === undefined) return;
    const why = this.#said.find((line) => line.includes('Error')) ?? how;
    throw new UnavailableError('burner.ended', `the process of ${this.#plan.kind} did not start: ${why}`, {
      mend: 'Nothing is left of it. Try again when the computer has memory and processors to spare.',
    });
  }

  async touched(): Promise<number> {
    return this.#taken;
  }

  residue(): Promise<string[]> {
    const { kind, run } = this.#plan;
    return lastingResidue(kind, () =>
      markedProcesses(runName(run)).map(
        ({ pid, command }) => `process ${pid} (${command}) of ${kind} still runs`,
      ),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  #heard(line: string): void {
    const { ready, taken } = JSON.parse(line) as { ready?: boolean; taken?: number };
    if (ready) this.#ready.resolve();
    if (taken !== undefined) this.#taken = taken;
  }

  async #beat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#stdin.writable) {
      this.#stdin.write('.\n');
      await this.#host.clock.sleep(renewEveryMs, signal).catch(() => {});
    }
  }

  async #lift(): Promise<void> {
    this.#stop.abort();
    this.#stdin.end();
    const patience = AbortSignal.timeout(politeMs);
    await Promise.race([this.#exit, new Promise((resolve) => patience.addEventListener('abort', resolve))]);
    const { fetch, targets, clock } = this.#host;
    await revert(this.#plan.undo, { fetch, targets, clock }, AbortSignal.timeout(undoLimitMs));
  }
}
