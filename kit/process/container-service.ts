import { DockerEngine, EngineRefusal } from '../docker.ts';
import { UnavailableError } from '../errors.ts';
import type { TargetOf } from '../targets.ts';
import { waitFor } from '../wait.ts';
import type { Life, Service } from './service.ts';

/** A service that finds its settings wrong dies within this, and then it does not live. */
const settleMs = 500;
const startLimitMs = 60_000;

/** What a container engine runs: signalled, frozen and started by the engine. */
export class ContainerService implements Service {
  readonly name: string;
  readonly what: string;
  readonly byHand: Service['byHand'];
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
    const { running, id, startedAt, pid } = await this.#engine.inspect(this.#container, signal);
    return running ? { id: `${id}@${startedAt}`, pid } : undefined;
  }

  beganAt({ id }: Life): number {
    return Date.parse(id.slice(id.indexOf('@') + 1));
  }

  async demand(signal: AbortSignal): Promise<Life> {
    const life = await this.life(signal).catch((error: unknown) => {
      if (error instanceof EngineRefusal)
        throw new UnavailableError('container.unknown', `${this.name}: ${error.message}`, {
          mend: error.mend,
        });
      throw error;
    });
    if (life) return life;
    throw new UnavailableError('container.not-running', `${this.name}: ${this.what} does not run`, {
      mend: this.byHand.start,
    });
  }

  /** The engine that runs it can start it. */
  async demandStart(): Promise<void> {}

  async send({ id }: Life, name: NodeJS.Signals, signal: AbortSignal): Promise<void> {
    if ((await this.life(signal))?.id === id) await this.#engine.kill(this.#container, name, signal);
  }

  pause(_life: Life, signal: AbortSignal): Promise<void> {
    return this.#engine.pause(this.#container, signal);
  }

  async resume(signal: AbortSignal): Promise<void> {
    if (await this.#isPaused(signal)) await this.#engine.unpause(this.#container, signal);
  }

  async paused(signal: AbortSignal): Promise<string[]> {
    return (await this.#isPaused(signal)) ? [`${this.what} of ${this.name} is paused`] : [];
  }

  async start(signal: AbortSignal): Promise<Life> {
    const alive = await this.life(signal);
    if (alive) return alive;
    await this.#engine.start(this.#container, signal);
    const since = performance.now();
    const settled = async () => (performance.now() - since >= settleMs ? await this.life(signal) : undefined);
    return waitFor(settled, { what: `${this.name} to live`, timeoutMs: startLimitMs, everyMs: 50, signal });
  }

  async #isPaused(signal: AbortSignal): Promise<boolean> {
    return (await this.#engine.inspect(this.#container, signal)).paused;
  }
}
