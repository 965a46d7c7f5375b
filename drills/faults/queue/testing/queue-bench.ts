import { type AsyncMessage, type Channel, Connection, type ConsumerStatus } from 'rabbitmq-client';
import { waitFor } from '../../../../kit/wait.ts';
import { reserveTestRabbit, type TestRabbit } from '../../../../plant/testing/rabbitmq.ts';
import type { Fault, Host, Injection, NamedTarget } from '../../../fault.ts';
import { testHost } from '../../../testing/test-host.ts';

/** One broker for a whole test file. */
export interface QueueBench extends AsyncDisposable {
  readonly rabbit: TestRabbit;
  /** A virtual host of one's own, so that tests beside each other do not meet. */
  virtualHost(name: string): Promise<VirtualHost>;
  api(method: string, path: string, body?: object): Promise<Response>;
}

export async function startQueueBench(): Promise<QueueBench> {
  await using stack = new AsyncDisposableStack();
  const rabbit = stack.use(await reserveTestRabbit(['rabbitmq_management']));
  await rabbit.start();
  const { origin, username, password } = new URL(rabbit.management);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const api = async (method: string, path: string, body?: object): Promise<Response> => {
    const headers = { authorization, 'content-type': 'application/json' };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api/${path}`, { method, headers, ...init });
    if (!response.ok && response.status !== 404) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  };
  const opened = stack.move();
  return {
    rabbit,
    api,
    virtualHost: async (name) => opened.use(await makeVirtualHost(name, rabbit, api)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What a test does in its virtual host, as the systems of a plant do. */
export interface VirtualHost extends AsyncDisposable {
  readonly url: string;
  readonly target: { kind: 'rabbitmq'; url: string; management: string };
  /** The same for another user, who is made with these tags and this read permission. */
  userTarget(user: string, tags: string, read?: string): Promise<VirtualHost['target']>;
  readonly channel: Channel;
  connect(url?: string): Connection;
  /** Consumes a queue in the background, from a connection of its own that comes back quickly. */
  consume(queue: string, take: Taking): Promise<Connection>;
  /** The same, and waits for nothing: who is thrown out at once may never be seen to consume. */
  startConsuming(queue: string, take: Taking, url?: string): Connection;
  depth(queue: string): Promise<number>;
  consumers(queue: string): Promise<number>;
  send(queue: string, ...bodies: readonly string[]): Promise<void>;
  /** Takes everything that waits, in its order. */
  takeAll(queue: string): Promise<string[]>;
  permissionOf(user: string): Promise<string>;
  /** Injects a fault with a leash that is a real process. */
  inject(fault: Fault, run: string, wish: object, more?: InjectMore): Promise<Injection>;
  demand(fault: Fault, wish: object, target?: VirtualHost['target'], fetchFrom?: typeof fetch): Promise<void>;
}

type Taking = (message: AsyncMessage) => ConsumerStatus | undefined;

export interface InjectMore extends Partial<Pick<Host, 'fetch' | 'leash' | 'clock'>> {
  durationMs?: number;
  signal?: AbortSignal;
}

async function makeVirtualHost(
  name: string,
  rabbit: TestRabbit,
  api: QueueBench['api'],
): Promise<VirtualHost> {
  await using stack = new AsyncDisposableStack();
  await api('PUT', `vhosts/${name}`, {});
  const allow = (user: string, read: string) =>
    api('PUT', `permissions/${name}/${user}`, { configure: '.*', write: '.*', read });
  await allow('guest', '.*');
  const url = `${rabbit.url}/${name}`;
  const target: VirtualHost['target'] = { kind: 'rabbitmq', url, management: rabbit.management };
  const connect = (from = url) => {
    const connection = new Connection({ url: from, retryLow: 50, retryHigh: 100 });
    connection.on('error', () => {});
    stackOf.defer(() => connection.unsafeDestroy());
    return connection;
  };
  const stackOf = stack.move();
  const channel = await connect().acquire();
  await channel.confirmSelect();
  const { host, targets, ...rest } = testHost({ queue: target });
  stackOf.defer(() => rest[Symbol.dispose]());
  const named = (fault: Fault, wish: object, from: object) => {
    const parsed = fault.params.parse(wish);
    return { params: parsed, target: { name: 'queue', target: from } as NamedTarget };
  };
  const passive = (queue: string) => channel.queueDeclare({ queue, passive: true });
  const startConsuming: VirtualHost['startConsuming'] = (queue, take, from) => {
    const connection = connect(from);
    const consumer = connection.createConsumer(
      { queue, queueOptions: { passive: true }, qos: { prefetchCount: 20 } },
      async (message) => take(message),
    );
    consumer.on('error', () => {});
    return connection;
  };
  return {
    url,
    target,
    channel,
    connect,
    async userTarget(user, tags, read = '.*') {
      await api('PUT', `users/${user}`, { password: 'secret', tags });
      await allow(user, read);
      const as = (address: string) => address.replace('guest:guest', `${user}:secret`);
      return { kind: 'rabbitmq', url: as(url), management: as(rabbit.management) };
    },
    startConsuming,
    async consume(queue, take) {
      const connection = startConsuming(queue, take);
      await until('the consumer', async () => (await passive(queue)).consumerCount > 0);
      return connection;
    },
    depth: async (queue) => (await passive(queue)).messageCount,
    consumers: async (queue) => (await passive(queue)).consumerCount,
    async send(queue, ...bodies) {
      for (const body of bodies) await channel.basicPublish({ routingKey: queue, durable: true }, body);
    },
    async takeAll(queue) {
      const bodies: string[] = [];
      for (;;) {
        const message = await channel.basicGet({ queue, noAck: true });
        if (!message) return bodies;
        bodies.push(String(message.body));
      }
    },
    permissionOf: async (user) =>
      ((await (await api('GET', `permissions/${name}/${user}`)).json()) as { read: string }).read,
    async inject(fault, run, wish, { durationMs = 60_000, signal, ...more } = {}) {
      const { params, target: where } = named(fault, wish, targets.queue ?? target);
      const plan = fault.plan(params, where, run, durationMs);
      const never = new AbortController().signal;
      const injection = await fault.inject(plan, params, where, { ...host, ...more }, signal ?? never);
      stackOf.defer(() => injection[Symbol.asyncDispose]().then(null, () => {}));
      return injection;
    },
    async demand(fault, wish, from = target, fetchFrom = fetch) {
      const { params, target: where } = named(fault, wish, from);
      await fault.demand?.(params, where, { ...host, fetch: fetchFrom });
    },
    [Symbol.asyncDispose]: () => stackOf.disposeAsync(),
  };
}

export const until = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 40_000, everyMs: 25 });
