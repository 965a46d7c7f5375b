import { z } from 'zod';
import { UnavailableError } from '../../../kit/errors.ts';
import { userOf } from '../../../kit/rabbitmq/amqp-session.ts';
import type { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { type QueueFacts, queueFacts } from '../../../kit/rabbitmq/topology.ts';
import { excludes } from './reading-right.ts';

// A list since RabbitMQ 3.9, one string with commas before.
const whoami = z.object({ name: z.string(), tags: z.union([z.array(z.string()), z.string()]) });
const permission = z.object({ configure: z.string(), write: z.string(), read: z.string() });
export type Permission = z.output<typeof permission>;

const alarms = z.array(
  z.object({ name: z.string(), mem_alarm: z.boolean().optional(), disk_free_alarm: z.boolean().optional() }),
);

/** Throws unless the user of the management API may do what drills do: close connections, read permissions, set limits. */
export async function demandAdministrator(api: ManagementApi): Promise<void> {
  const me = await api.get('/api/whoami', whoami);
  const tags = typeof me?.tags === 'string' ? me.tags.split(',') : (me?.tags ?? []);
  if (tags.includes('administrator')) return;
  throw new UnavailableError(
    'queue.not-administrator',
    `user ${me?.name ?? '?'} of the management API at ${api.address} is no administrator of RabbitMQ`,
    {
      mend: 'Name a user with the tag "administrator" under `management`: rabbitmqctl set_user_tags USER administrator',
    },
  );
}

/** The queue of that name; throws where there is none. */
export async function demandQueue(api: ManagementApi, queue: string): Promise<QueueFacts> {
  const facts = await queueFacts(api, queue);
  if (facts) return facts;
  throw new UnavailableError(
    'queue.no-queue',
    `${api.address} has no queue ${queue} in virtual host ${api.virtualHost}`,
    { mend: 'Mend the name in the drill.' },
  );
}

/** What a user may do in the target's virtual host; undefined when RabbitMQ itself has not given it any right there. */
export const permissionOf = (
  api: ManagementApi,
  user: string,
  signal?: AbortSignal,
): Promise<Permission | undefined> => api.get(api.path('permissions', user), permission, signal);

/** Throws unless the user of `url` may read every one of the queues and, where one is given, write through the exchange. */
export async function demandRights(
  api: ManagementApi,
  url: string,
  { exchange, queues }: { exchange?: string; queues: readonly string[] },
): Promise<void> {
  const user = userOf(url);
  const rights = await permissionOf(api, user);
  // The default exchange has no name of its own; permissions know it by this one.
  const written = exchange === '' ? 'amq.default' : exchange;
  const missing = [
    ...(written === undefined || allows(rights?.write, written) ? [] : [`write to ${written}`]),
    ...queues.filter((queue) => !allows(rights?.read, queue)).map((queue) => `read ${queue}`),
  ];
  if (missing.length === 0) return;
  throw new UnavailableError(
    'queue.rights',
    `user ${user} may not ${missing.join(', nor ')} on ${api.address}`,
    {
      mend: `Under \`url\`, name a user that may: rabbitmqctl set_permissions -p ${api.virtualHost} ${user} '' '.*' '.*'`,
    },
  );
}

/** An expression that only PCRE understands is left to the broker to judge. */
function allows(expression: string | undefined, name: string): boolean {
  if (expression === undefined || expression === '') return false;
  try {
    return new RegExp(expression).test(name);
  } catch {
    return !excludes(expression, name);
  }
}

/** The alarm of memory or disk that a node of the broker has raised, in words; undefined when all is well. */
export async function alarmOf(api: ManagementApi, signal?: AbortSignal): Promise<string | undefined> {
  const nodes = await api.get('/api/nodes?columns=name,mem_alarm,disk_free_alarm', alarms, signal);
  const node = nodes?.find(({ mem_alarm, disk_free_alarm }) => mem_alarm || disk_free_alarm);
  return node && `${node.name} has raised its ${node.mem_alarm ? 'memory' : 'disk'} alarm`;
}
