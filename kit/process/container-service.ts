import type { ContainerState } from '../container-state.ts';
import { DockerEngine, EngineRefusal } from '../docker.ts';
import { UnavailableError } from '../errors.ts';
import type { TargetOf } from '../targets.ts';
import { waitFor } from '../wait.ts';
import { isLife, type Life, type Service } from './service.ts';
import { settling } from './settling.ts';

const startLimitMs = 60_000;

/** What a container engine runs: signalled, frozen and started by the engine. */
export class ContainerService implements Service {
  readonly name: string;
  readonly what: string;
  readonly byHand: Service['byHand'];
  readonly endsBy = 'the STOPSIGNAL of its image (SIGTERM if it has none)';
  readonly #container: string;
  readonly #engine: DockerEngine;

  constructor(name: string, { container, socket }: TargetOf<'container'>) {
    this.name = name;
    this.what = `container ${container}`;
    this.byHand = { start: `Run: docker start ${container}`, resume: `Run: docker unpause ${container}` };
    this.#container = container;
    this.#engine = new DockerEngine(socket);
  }

  async life(signal: AbortSignal): Promise<Life | undefined> {
    return lifeOf(await this.#look(signal));
  }

  beganAt({ id }: Life): number {
    return Date.parse(id.slice(id.indexOf('@') + 1));
  }

  async demand(signal: AbortSignal): Promise<Life> {
    const state = await this.#look(signal);
    const life = lifeOf(state);
    if (life) return life;
    throw new UnavailableError('container.not-running', `${this.name}: ${this.what} ${notRunning(state)}`, {
      mend: state.restarting ? this.#logs : this.byHand.start,
    });
  }

  /** The engine that runs it can start it. */
  async demandStart(): Promise<void> {}

  async send(life: Life, name: NodeJS.Signals, signal: AbortSignal): Promise<void> {
    if (await isLife(this, life, signal)) await this.#engine.kill(this.#container, name, signal);
  }

  async askToEnd({ id }: Life, signal: AbortSignal): Promise<void> {
    const state = await this.#look(signal);
    if (lifeOf(state)?.id === id) await this.#engine.kill(this.#container, state.stopSignal, signal);
  }

  pause(_life: Life, signal: AbortSignal): Promise<void> {
    return this.#engine.pause(this.#container, signal);
  }

  async resume(signal: AbortSignal): Promise<void> {
    if ((await this.#look(signal)).paused) await this.#engine.unpause(this.#container, signal);
  }

  async paused(signal: AbortSignal): Promise<string[]> {
    return (await this.#look(signal)).paused ? [`${this.what} of ${this.name} is paused`] : [];
  }

  async start(signal: AbortSignal): Promise<Life> {
    const before = await this.#look(signal);
    const alive = lifeOf(before);
    if (alive) return alive;
    // An engine that waits to start it again takes no order to start it.
    if (before.restarting) await this.#engine.restart(this.#container, 0, signal);
    else await this.#engine.start(this.#container, signal);
    return await this.#settled(signal);
  }

  /** Where its engine starts it again and again, one of these starts may be the one that lasts. */
  async #settled(signal: AbortSignal): Promise<Life> {
    const hasSettled = settling();
    const settled = async () => {
      const state = await this.#look(signal);
      const life = lifeOf(state);
      if (hasSettled(life)) return life;
      if (state.restarting) throw new Error(notRunning(state));
      return life ? undefined : notRunning(state);
    };
    const what = `${this.name} to live`;
    const found = await waitFor(settled, { what, timeoutMs: startLimitMs, everyMs: 50, signal });
    if (typeof found !== 'string') return found;
    throw new UnavailableError('container.start', `${this.name}: ${this.what} was started, and ${found}`, {
      mend: this.#logs,
    });
  }

  get #logs(): string {
    return `Look why: docker logs --tail 50 ${this.#container}`;
  }

  async #look(signal: AbortSignal): Promise<ContainerState> {
    try {
      return await this.#engine.inspect(this.#container, signal);
    } catch (cause) {
      if (!(cause instanceof EngineRefusal) || cause.status !== 404) throw cause;
      throw new UnavailableError('container.unknown', `${this.name}: ${cause.message}`, {
        mend: `${cause.mend}; or correct targets: ${this.name}: container: in andon.yaml`,
        cause,
      });
    }
  }
}

/** Short ids, as people know them from `docker ps`. */
const lifeOf = ({ running, id, startedAt, pid }: ContainerState): Life | undefined =>
  running ? { id: `${id.slice(0, 12)}@${startedAt}`, pid } : undefined;

const notRunning = ({ restarting, exitCode }: ContainerState): string =>
  restarting
    ? `ends again and again (exit code ${exitCode}), and its engine waits to start it again`
    : `does not run (exit code ${exitCode})`;
