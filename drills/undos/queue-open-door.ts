import { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import { openAmqp } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { waitFor } from '../../kit/wait.ts';
import { requireTarget } from '../named-target.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** A limit that is taken away counts from the next connection on. */
const openLimitMs = 5000;
const settleMs = 500;

const schema = z.strictObject({
  kind: z.literal('rabbitmq.open-door'),
  target: z.string(),
  mark: z.string(),
});

/**
 * Takes the limit of no connections away from the target's virtual host, if this run has set it, and sees that a connection is
 * possible.
 */
export const openDoor: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, mark }, { targets, fetch, clock = systemClock }, signal) {
    const broker = requireTarget(targets, target, 'rabbitmq');
    const api = new ManagementApi(broker, fetch);
    if ((await closedBy(api, signal)) !== mark) return;
    // What a dying runner had on its way arrives within this, and is taken back as well.
    for (let settled = false; !settled; settled = (await connectionLimitOf(api, signal)) !== 0) {
      // Any other limit is somebody else's.
      if ((await connectionLimitOf(api, signal)) === 0) await api.delete(limitPath(api), undefined, signal);
      await clock.sleep(settleMs, signal);
    }
    const enter = async () => {
      await using _session = await openAmqp(broker.url, 'andon-undo', clock);
      return true;
    };
    await waitFor(enter, {
      what: `a connection to ${target}`,
      timeoutMs: openLimitMs,
      everyMs: 100,
      signal,
      clock,
    });
    await api.delete(signPath(api), undefined, signal);
  },
  byHand({ target }, targets) {
    const found = targets[target];
    if (found?.kind !== 'rabbitmq')
      return `Take the limit max-connections away from the virtual host of ${target}.`;
    const api = new ManagementApi(found, fetch);
    const run = (path: string) =>
      `curl -u ADMINISTRATOR -X DELETE '${new URL(path, `http://${api.address}`)}'`;
    return `Run: ${run(limitPath(api))} && ${run(signPath(api))}`;
  },
};

const limits = z.array(z.object({ value: z.record(z.string(), z.number()) }));
const connections = z.array(z.object({ name: z.string(), vhost: z.string() }));

/**
 * A limit is a number and cannot say whose it is. A global parameter of RabbitMQ, which means nothing to the broker, says it: it is
 * there before the limit, and goes after it.
 */
export const signPath = (api: ManagementApi): string =>
  `/api/global-parameters/${encodeURIComponent(`andon-drill closes ${api.virtualHost}`)}`;

const sign = z.object({ value: z.object({ mark: z.string() }) });

/** The run that lets nobody in; undefined when none does. */
export const closedBy = async (api: ManagementApi, signal?: AbortSignal): Promise<string | undefined> =>
  (await api.get(signPath(api), sign, signal))?.value.mark;

/** Where the limit of connections of the target's virtual host is set and taken away. */
export const limitPath = (api: ManagementApi): string => api.path('vhost-limits', 'max-connections');

/** The most connections that the virtual host allows; undefined when it has no limit. */
export async function connectionLimitOf(
  api: ManagementApi,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const set = await api.get(api.path('vhost-limits'), limits, signal);
  return set?.find(({ value }) => value['max-connections'] !== undefined)?.value['max-connections'];
}

/** The names of the connections that are open in the virtual host. Asked for without statistics, they are of now. */
export async function connectionsIn(api: ManagementApi, signal?: AbortSignal): Promise<string[]> {
  const all = await api.get('/api/connections?disable_stats=true&columns=name,vhost', connections, signal);
  return (all ?? []).flatMap(({ name, vhost }) => (vhost === api.virtualHost ? [name] : []));
}
