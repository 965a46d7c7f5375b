import { type AsyncMessage, type Channel, Connection, type ConsumerStatus } from 'rabbitmq-client';
import { waitFor } from '../../kit/wait.ts';
import { declareTopology } from '../../plant/queue/topology.ts';
import { reserveTestRabbit } from '../../plant/testing/rabbitmq.ts';

/** A RabbitMQ for a whole test file, and virtual hosts in it, so that tests beside each other do not meet. */
export interface Broker extends AsyncDisposable {
  plant(name: string): Promise<Plant>;
}

/** A virtual host with the queues of the reference plant. */
export interface Plant {
  readonly target: { kind: 'rabbitmq'; url: string; management: string };
  readonly channel: Channel;
  /** Consumes in the background until its connection is closed for good; comes back quickly. */
  consume(queue: string, take: (message: AsyncMessage) => ConsumerStatus): Promise<Connection>;
  send(queue: string, ...bodies: readonly (string | Buffer)[]): Promise<void>;
  /** Sends to a queue and has somebody refuse it, so that it lies in the dead letters. */
  kill(queue: string, ...bodies: readonly (string | Buffer)[]): Promise<void>;
  depth(queue: string): Promise<number>;
  /** Takes everything that waits, in its order. */
  takeAll(queue: string): Promise<{ body: string; headers: Record<string, unknown> }[]>;
  api(method: string, path: string, body?: object): Promise<Response>;
}

export async function startBroker(): Promise<Broker> {
  await using stack = new AsyncDisposableStack();
  const rabbit = stack.use(await reserveTestRabbit(['rabbitmq_management']));
  await rabbit.start();
  const { origin, username, password } = new URL(rabbit.management);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const api = async (method: string, path: string, body?: object) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api/${path}`, { method, headers, ...init });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  };
  const opened = stack.move();
  return {
    async plant(name) {
      await api('PUT', `vhosts/${name}`, {});
      await api('PUT', `permissions/${name}/guest`, { configure: '.*', write: '.*', read: '.*' });
      const target = {
        kind: 'rabbitmq',
        url: `${rabbit.url}/${name}`,
        management: rabbit.management,
      } as const;
      return makePlant(target, api, opened);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function makePlant(
  target: Plant['target'],
  api: Plant['api'],
  stack: AsyncDisposableStack,
): Promise<Plant> {
  const connect = () => {
    const connection = new Connection({ url: target.url, retryLow: 50, retryHigh: 100 });
    connection.on('error', () => {});
    stack.defer(() => connection.unsafeDestroy());
    return connection;
  };
  const channel = await connect().acquire();
  await channel.confirmSelect();
  await declareTopology(channel);
  const passive = (queue: string) => channel.queueDeclare({ queue, passive: true });
  const send: Plant['send'] = async (queue, ...bodies) => {
    // Together, so that they need not wait for the disk one after the other; their order stays.
    const publish = (body: string | Buffer, index: number) =>
      channel.basicPublish(
        { routingKey: queue, durable: true, contentType: 'application/json', messageId: `m${index}` },
        Buffer.from(body),
      );
    await Promise.all(bodies.map(publish));
  };
  return {
    target,
    channel,
    api,
    send,
    async consume(queue, take) {
      const connection = connect();
      const options = { queue, queueOptions: { passive: true }, qos: { prefetchCount: 20 } };
      connection.createConsumer(options, async (message) => take(message)).on('error', () => {});
      await until('the consumer', async () => (await passive(queue)).consumerCount > 0);
      return connection;
    },
    async kill(queue, ...bodies) {
      await send(queue, ...bodies);
      for (const _ of bodies) {
        const message = await channel.basicGet({ queue });
        if (message) channel.basicNack({ deliveryTag: message.deliveryTag, requeue: false });
      }
    },
    depth: async (queue) => (await passive(queue)).messageCount,
    async takeAll(queue) {
      const found: { body: string; headers: Record<string, unknown> }[] = [];
      for (;;) {
        const message = await channel.basicGet({ queue, noAck: true });
        if (!message) return found;
        const { body, headers = {} } = message;
        const text = typeof body === 'string' || Buffer.isBuffer(body) ? String(body) : JSON.stringify(body);
        found.push({ body: text, headers });
      }
    },
  };
}

export const until = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 40_000, everyMs: 25 });
