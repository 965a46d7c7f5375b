import type { Child, ChildOwner } from '../kit/children.ts';
import { AndonError, messageOf } from '../kit/errors.ts';
import { waitFor } from '../kit/wait.ts';
import type { PidFiles } from './pid-files.ts';

/** A service that runs: its main process, and whatever else goes with it. */
export interface RunningService extends AsyncDisposable {
  readonly exited: Child['exited'];
}

/** Starts a service as a child of `owner` and returns when it serves. Started again, it has the same settings, ports and log. */
export type StartService = (owner: ChildOwner, signal: AbortSignal) => Promise<RunningService>;

/** Whether a service lives, for people and for `--json`. */
export interface ServiceState {
  service: string;
  state: 'running' | 'stopped';
  /** Of its main process, while it runs. */
  pid?: number;
}

/** A server that was killed leaves memory or a port for a moment to those who come after it. */
const comebackMs = 20_000;

/** One service of a lab: started, stopped and started again, one wish after the other. Nobody starts it but who is asked to. */
export class ControlledService implements AsyncDisposable {
  readonly name: string;
  readonly #startService: StartService;
  readonly #owner: ChildOwner;
  readonly #pids: PidFiles;
  readonly #over = new AbortController();
  #running: RunningService | undefined;
  #pid: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, start: StartService, { owner, pids }: { owner: ChildOwner; pids: PidFiles }) {
    this.name = name;
    this.#startService = start;
    this.#pids = pids;
    this.#owner = { ...owner, spawned: (child) => this.#spawned(child) };
  }

  /** The first start, while the lab comes up: it fails at once when the service does. */
  begin(signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#start(signal));
  }

  /** Starts it unless it lives, and returns when it serves. */
  start(): Promise<ServiceState> {
    return this.#inTurn(async () => {
      if (this.#pid === undefined) await this.#comeBack();
      return this.state();
    });
  }

  stop(): Promise<ServiceState> {
    return this.#inTurn(async () => {
      await this.#stop();
      return this.state();
    });
  }

  restart(): Promise<ServiceState> {
    return this.#inTurn(async () => {
      await this.#stop();
      await this.#comeBack();
      return this.state();
    });
  }

  state(): ServiceState {
    const { name: service } = this;
    return this.#pid === undefined
      ? { service, state: 'stopped' }
      : { service, state: 'running', pid: this.#pid };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort(new Error('the lab goes down'));
    await this.#inTurn(() => this.#stop());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Tries again while it ends before it serves: what a killed one held may not be free yet. Another failure is final. */
  async #comeBack(): Promise<void> {
    const { signal } = this.#over;
    const attempt = async (): Promise<{ failure?: unknown }> => {
      try {
        await this.#start(signal);
        return {};
      } catch (failure) {
        if (failure instanceof AndonError && failure.code === 'child.ended') throw failure;
        return { failure };
      }
    };
    const { failure } = await waitFor(attempt, {
      what: this.name,
      timeoutMs: comebackMs,
      everyMs: 500,
      signal,
    });
    if (failure !== undefined) throw failure;
  }

  async #start(signal: AbortSignal): Promise<void> {
    // What a killed one has left of its group goes first.
    await this.#stop();
    try {
      const running = await this.#startService(this.#owner, signal);
      this.#running = running;
      running.exited.then(({ code, signal: by }) => {
        if (this.#running === running) this.#died(by ?? `exit code ${code}`);
      });
    } catch (error) {
      this.#gone();
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    try {
      await running?.[Symbol.asyncDispose]();
    } finally {
      this.#gone();
    }
  }

  #spawned({ name, pid }: { name: string; pid: number }): void {
    if (name !== this.name) return; // A helper, such as Erlang's port mapper.
    this.#pid = pid;
    this.#pids.write(name, pid);
  }

  #died(how: string): void {
    this.#gone();
    this.#owner.log.warn(
      { service: this.name, how },
      `${this.name} has died (${how}); start it again with: andon lab start ${this.name}`,
    );
  }

  #gone(): void {
    this.#pid = undefined;
    try {
      this.#pids.remove(this.name);
    } catch (error) {
      this.#owner.log.debug({ service: this.name, error: messageOf(error) }, 'its pid file stays');
    }
  }
}
