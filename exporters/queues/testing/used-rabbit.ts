import { type Channel, Connection } from 'rabbitmq-client';
import { waitFor } from '../../../kit/wait.ts';
import { reserveTestRabbit, type TestRabbit } from '../../../plant/testing/rabbitmq.ts';

/** A RabbitMQ with queues of each kind, in which something has happened. */
export interface UsedRabbit extends AsyncDisposable {
  readonly broker: TestRabbit;
  readonly channel: Channel;
  /** As who may look at everything and have canaries, and nothing else. */
  asAndon(url: string): string;
  /** The queues of canaries that are there now. */
  canaryQueues(): Promise<{ name: string; arguments: object }[]>;
}

/** When its publisher says that each message was published, in Unix seconds. */
export const publishedAt = 1_750_000_000;

export async function startUsedRabbit(): Promise<UsedRabbit> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await reserveTestRabbit(['rabbitmq_management', 'rabbitmq_prometheus']));
  await broker.start();
  const connection = stack.adopt(new Connection(broker.url), (it) => it.unsafeDestroy());
  connection.on('error', () => {}); // A test may kill the broker.
  const channel = await connection.acquire();
  await channel.confirmSelect();
  await declareQueues(channel);
  await useQueues(channel);
  await addAndon(broker);
  const started = stack.move();
  return {
    broker,
    channel,
    asAndon: (url) => url.replace('//guest:guest@', '//andon:secret@'),
    async canaryQueues() {
      const answer = await ask(broker, 'GET', '/api/queues?disable_stats=true');
      const queues = (await answer.json()) as { name: string; arguments: object }[];
      return queues.filter(({ name }) => name.startsWith('andon.canary'));
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function declareQueues(channel: Channel): Promise<void> {
  await channel.exchangeDeclare({ exchange: 'graveyard', type: 'direct' });
  const dying = { 'x-dead-letter-exchange': 'graveyard', 'x-dead-letter-routing-key': 'dead' };
  await channel.queueDeclare({ queue: 'classic', durable: true, arguments: dying });
  await channel.queueDeclare({
    queue: 'quorum',
    durable: true,
    arguments: { ...dying, 'x-queue-type': 'quorum' },
  });
  for (const queue of ['dead', 'also-published']) {
    await channel.queueDeclare({ queue, durable: true });
    await channel.queueBind({ queue, exchange: 'graveyard', routingKey: 'dead' });
  }
  await channel.queueDeclare({ queue: 'of-one-client', exclusive: true });
}

/** Of five messages in each queue one is acknowledged after it came back, and another one; a consumer holds one; two wait. */
async function useQueues(channel: Channel): Promise<void> {
  await channel.basicPublish('also-published', 'x');
  await channel.basicQos({ prefetchCount: 1 });
  for (const queue of ['classic', 'quorum']) {
    await publish(channel, queue, 1);
    for (const after of ['requeue', 'ack'] as const)
      await waitFor(() => take(channel, queue, after), { what: 'a message', timeoutMs: 20_000 });
    await publish(channel, queue, 4);
    await waitFor(() => take(channel, queue, 'ack'), { what: 'a message', timeoutMs: 20_000 });
    await channel.basicConsume({ queue, consumerTag: queue }, () => {});
  }
}

async function publish(channel: Channel, queue: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1)
    await channel.basicPublish({ routingKey: queue, durable: true, timestamp: publishedAt }, 'x');
}

/** Takes one message by hand; false when none is there. */
export async function take(
  channel: Channel,
  queue: string,
  after: 'ack' | 'requeue' | 'reject',
): Promise<boolean> {
  const message = await channel.basicGet({ queue });
  if (message === undefined) return false;
  const { deliveryTag } = message;
  if (after === 'ack') channel.basicAck({ deliveryTag });
  else channel.basicNack({ deliveryTag, requeue: after === 'requeue' });
  return true;
}

/** A user as docs/exporters/queues.md describes it. */
async function addAndon(broker: TestRabbit): Promise<void> {
  const permissions = {
    configure: '^andon\\.canary',
    write: '^(andon\\.canary|amq\\.default)',
    read: '^andon\\.canary',
  };
  await ask(broker, 'PUT', '/api/users/andon', { password: 'secret', tags: 'monitoring' });
  await ask(broker, 'PUT', '/api/permissions/%2f/andon', permissions);
}

async function ask(broker: TestRabbit, method: string, path: string, body?: object): Promise<Response> {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const response = await fetch(`${new URL(broker.management).origin}${path}`, {
    method,
    headers: { authorization },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return response;
}
