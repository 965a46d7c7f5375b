import { z } from 'zod';
import { DockerEngine } from '../../kit/docker.ts';
import { requireTarget } from '../named-target.ts';
import { healContainer } from '../network/container-heal.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('container.heal'),
  target: z.string(),
  /** What was taken from it; it was paused where this is left out. */
  network: z.strictObject({ name: z.string(), aliases: z.array(z.string()) }).optional(),
});

/** Lets a paused container run again, or gives its network back, and sees that it is so. */
export const containerHeal: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, network }, { targets }, signal) {
    const { container, socket } = requireTarget(targets, target, 'container');
    await healContainer(new DockerEngine(socket), container, network, signal);
  },
  byHand({ target, network }, targets) {
    const found = targets[target];
    const container = found?.kind === 'container' ? found.container : `the container of ${target}`;
    if (!network) return `Run: docker unpause ${container}`;
    const aliases = network.aliases.map((alias) => `--alias ${alias} `).join('');
    return `Run: docker network connect ${aliases}${network.name} ${container}`;
  },
};
