import { z } from 'zod';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { isWithdrawn, restored } from '../faults/queue/reading-right.ts';
import { requireTarget } from '../named-target.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('rabbitmq.restore-reading'),
  target: z.string(),
  queue: z.string(),
  mark: z.string(),
});
type RestoreReading = UndoOf<typeof schema>;

/** Gives everybody the right back to read a queue that the run has taken from them, and sees that they have it. */
export const restoreReading: Reverter<RestoreReading> = {
  schema,
  async revert(undo, { targets, fetch }, signal) {
    const api = new ManagementApi(requireTarget(targets, undo.target, 'rabbitmq'), fetch);
    for (const { user, configure, write, read } of await withdrawnFrom(api, undo, signal))
      await api.put(
        api.path('permissions', user),
        { configure, write, read: restored(read, undo.queue, undo.mark) },
        signal,
      );
    const left = await withdrawnFrom(api, undo, signal);
    if (left.length === 0) return;
    const users = left.map(({ user }) => user).join(', ');
    throw new Error(`the right to read ${undo.queue} is still taken from ${users} by ${undo.mark}`);
  },
  byHand({ target, queue, mark }, targets) {
    const found = targets[target];
    const where = found?.kind === 'rabbitmq' ? new ManagementApi(found, fetch).address : target;
    return `In the management UI of RabbitMQ at ${where}, Admin → Users: whose read permission holds (?#${mark}) and the name ${queue} gets back what stands between "(?=.*?(?:" and the last "))".`;
  },
};

const permissions = z.array(
  z.object({ user: z.string(), configure: z.string(), write: z.string(), read: z.string() }),
);

/** The permissions in the virtual host from which the run has taken the right to read the queue. */
export async function withdrawnFrom(
  api: ManagementApi,
  { queue, mark }: Pick<RestoreReading, 'queue' | 'mark'>,
  signal?: AbortSignal,
): Promise<z.output<typeof permissions>> {
  const all = (await api.get(`${api.path('vhosts')}/permissions`, permissions, signal)) ?? [];
  return all.filter(({ read }) => isWithdrawn(read, queue, mark));
}
