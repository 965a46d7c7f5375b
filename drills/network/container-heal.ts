import { type DockerEngine, EngineRefusal } from '../../kit/docker.ts';
import type { TargetOf } from '../../kit/targets.ts';

/** The network that is taken from a container; undefined where it is paused instead. */
export type TakenNetwork = TargetOf<'container'>['network'];

/** Lets a container run again, or gives its network back, and sees that it is so. A container that is gone needs neither. */
export async function healContainer(
  engine: DockerEngine,
  container: string,
  taken: TakenNetwork,
  signal?: AbortSignal,
): Promise<void> {
  try {
    if (await isHealthy(engine, container, taken, signal)) return;
    if (taken) await engine.connect(taken.name, container, taken.aliases, signal);
    else await engine.unpause(container, signal);
    if (await isHealthy(engine, container, taken, signal)) return;
  } catch (error) {
    if (error instanceof EngineRefusal && (await isGone(engine, container, signal))) return;
    throw error;
  }
  throw new Error(`container ${container} is still ${brokenState(taken)}`);
}

/** In words, for what is left behind. */
export const brokenState = (taken: TakenNetwork): string =>
  taken ? `without its network ${taken.name}` : 'paused';

/** Whether it has its network, or runs. Throws EngineRefusal where there is no such container. */
export async function isHealthy(
  engine: DockerEngine,
  container: string,
  taken: TakenNetwork,
  signal?: AbortSignal,
): Promise<boolean> {
  const state = await engine.inspect(container, signal);
  return taken ? taken.name in state.networks : !state.paused;
}

/** Whether there is no such container (any more). */
export async function isGone(
  engine: DockerEngine,
  container: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await engine.inspect(container, signal);
    return false;
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return true;
    throw error;
  }
}
