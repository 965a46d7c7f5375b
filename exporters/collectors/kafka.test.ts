import { randomBytes } from 'node:crypto';
import { Admin, Consumer, Producer, stringSerializers } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../../kit/http-server.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { lagByTopic } from '../queues/kafka-lag.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { startHalfOpenLink } from '../testing/half-open-link.ts';
import { kafkaPrograms } from '../testing/kafka/kafka-programs.ts';
import { startTestKafka, type TestKafka } from '../testing/kafka/test-kafka.ts';
import { kafka } from './kafka.ts';

const programs = await kafkaPrograms();
const why = 'missing' in programs ? ` (skipped: ${programs.missing})` : '';

const collectorsOf = (target: object) =>
  new TestCollectors(kafka, { targets: { bus: { kind: 'kafka', ...target } } });

async function failureOf(target: object, limitMs?: number): Promise<string | undefined> {
  using collectors = collectorsOf(target);
  const { failure, found } = await collectOnce(collectors.get(), limitMs);
  expect([...found]).toEqual([['mes_queue_up{target="bus"}', 0]]);
  return failure;
}

describe.skipIf(why !== '')(`A real Kafka${why}`, () => {
  const opened = new AsyncDisposableStack();
  let broker: TestKafka;
  let admin: Admin;

  beforeAll(async () => {
    if (!('classPath' in programs)) return;
    broker = opened.use(await startTestKafka(programs.classPath));
    admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.plain], retries: 50, retryDelay: 200 });
    opened.defer(() => admin.close());
    await admin.createTopics({ topics: ['operations', 'other'], partitions: 2, replicas: 1 });
    const options = { clientId: 'test', bootstrapBrokers: [broker.plain], retries: 50, retryDelay: 200 };
    const producer = new Producer({ ...options, serializers: stringSerializers });
    opened.defer(() => producer.close());
    // One partition at a time: a batch that only one of two leaders takes is sent again to both.
    for (const [partition, count] of [5, 1].entries())
      await producer.send({ messages: Array(count).fill({ topic: 'operations', partition, value: 'x' }) });
    await commit('erp', 'operations', [2n, 1n]);
    await commit('beyond', 'operations', [900n, 900n]);
    await commit('erp', 'other', [0n, 0n]);
  }, 180_000);
  afterAll(() => opened.disposeAsync());

  const commit = (groupId: string, name: string, offsets: bigint[]) =>
    admin.alterConsumerGroupOffsets({
      groupId,
      topics: [{ name, partitionOffsets: offsets.map((offset, partition) => ({ partition, offset })) }],
    });
  const member = async (groupId: string, more: object = {}) => {
    const options = { clientId: 'test', bootstrapBrokers: [broker.plain], retries: 50, retryDelay: 200 };
    const consumer = new MemberOf(new Consumer({ ...options, groupId, ...more }));
    await consumer.join();
    return consumer;
  };

  it('shows how far each group is behind, and never less than nothing.', async () => {
    using collectors = collectorsOf({ brokers: [broker.plain] });
    const { found, failure, steps } = await collectOnce(collectors.get());
    expect(failure).toBeUndefined();
    expect(Object.fromEntries(found)).toEqual({
      'mes_queue_up{target="bus"}': 1,
      'mes_queue_group_lag_messages{target="bus",group="erp",topic="operations"}': 3,
      'mes_queue_group_lag_messages{target="bus",group="erp",topic="other"}': 0,
      'mes_queue_group_lag_messages{target="bus",group="beyond",topic="operations"}': 0,
      'mes_queue_group_members{target="bus",group="erp"}': 0,
      'mes_queue_group_members{target="bus",group="beyond"}': 0,
    });
    expect(steps.map(({ what }) => what).toSorted()).toEqual([
      'committed offsets',
      'ends of topics',
      'list of groups',
      'members of groups',
    ]);
  });

  it('counts the members of a group of either protocol, and no more once they have left.', async () => {
    using collectors = collectorsOf({ brokers: [broker.plain], groups: ['live*'] });
    const members = async () => Object.fromEntries((await collectOnce(collectors.get())).found);
    await using left = new AsyncDisposableStack();
    left.use(await member('live'));
    left.use(await member('live-848', { groupProtocol: 'consumer' }));
    expect(await members()).toEqual({
      'mes_queue_up{target="bus"}': 1,
      'mes_queue_group_members{target="bus",group="live"}': 1,
      'mes_queue_group_members{target="bus",group="live-848"}': 1,
    });
    await left.disposeAsync();
    await waitFor(async () => (await members())['mes_queue_group_members{target="bus",group="live"}'] === 0, {
      what: 'the group without members',
      timeoutMs: 20_000,
    });
  });

  it('reports only the groups and topics that are asked for.', async () => {
    using collectors = collectorsOf({ brokers: [broker.plain], groups: ['erp'], topics: ['op*'] });
    expect([...(await collectOnce(collectors.get())).found.keys()].toSorted()).toEqual([
      'mes_queue_group_lag_messages{target="bus",group="erp",topic="operations"}',
      'mes_queue_group_members{target="bus",group="erp"}',
      'mes_queue_up{target="bus"}',
    ]);
  });

  it('goes on without a topic that was deleted, although its group has committed it.', async () => {
    await admin.createTopics({ topics: ['passing'], partitions: 1, replicas: 1 });
    await commit('late', 'passing', [0n]);
    await commit('late', 'operations', [4n]);
    await admin.deleteTopics({ topics: ['passing'] });
    using collectors = collectorsOf({ brokers: [broker.plain], groups: ['late'] });
    const { found, failure } = await collectOnce(collectors.get());
    expect(failure).toBeUndefined();
    expect(found.get('mes_queue_group_lag_messages{target="bus",group="late",topic="operations"}')).toBe(1);
  });

  it('lets in who has the right password, and names the refusal of a wrong one, however often it is tried.', async () => {
    const sasl = { mechanism: 'plain', username: 'andon', password: 'right' };
    using collectors = collectorsOf({ brokers: [broker.sasl], sasl });
    expect((await collectOnce(collectors.get())).failure).toBeUndefined();
    for (let times = 0; times < 5; times += 1)
      expect(await failureOf({ brokers: [broker.sasl], sasl: { ...sasl, password: 'wrong' } })).toMatch(
        /^Kafka, list of groups: .*(SASL|[Aa]uthentication)/,
      );
  });

  it('trusts a certificate of the given authority only, and only for its name.', async () => {
    using collectors = collectorsOf({ brokers: [broker.tls], tls: { ca_file: broker.caFile } });
    expect((await collectOnce(collectors.get())).failure).toBeUndefined();
    expect(await failureOf({ brokers: [broker.tls], tls: true })).toMatch(/self.signed certificate/);
    const otherName = broker.tls.replace('localhost', '127.0.0.1');
    expect(await failureOf({ brokers: [otherName], tls: { ca_file: broker.caFile } })).toMatch(
      /does not match certificate's altnames/,
    );
  });

  it('says in time that a link is dead, and reads again once it is not.', async () => {
    await using link = await startHalfOpenLink(broker.port);
    // The broker sends clients to its own port, so that only the first connection takes the link.
    using collectors = collectorsOf({ brokers: [`127.0.0.1:${link.port}`] });
    expect((await collectOnce(collectors.get())).failure).toBeUndefined();
    link.cut();
    const { failure, found } = await collectOnce(collectors.get(), 1500);
    expect([failure, ...found]).toEqual([
      'Kafka, list of groups: no answer in time',
      ['mes_queue_up{target="bus"}', 0],
    ]);
    await waitFor(() => link.connections() === 0, { what: 'no connection left', timeoutMs: 20_000 });
    link.heal();
    expect((await collectOnce(collectors.get())).failure).toBeUndefined();
  });

  it('is down when it was killed, also for a client that was connected.', async () => {
    using collectors = collectorsOf({ brokers: [broker.plain] });
    expect((await collectOnce(collectors.get())).failure).toBeUndefined();
    await broker.kill();
    const { failure, found } = await collectOnce(collectors.get());
    expect(found.get('mes_queue_up{target="bus"}')).toBe(0);
    expect(failure).toMatch(/^Kafka, list of groups: /);
    expect(await failureOf({ brokers: [broker.plain] })).toBe(
      `Kafka, list of groups: connect ECONNREFUSED ${broker.plain}`,
    );
  });
});

/** A consumer that does nothing but belong to its group. */
class MemberOf implements AsyncDisposable {
  readonly #consumer: Consumer;
  #stream: Awaited<ReturnType<Consumer['consume']>> | undefined;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  async join(): Promise<void> {
    this.#stream = await this.#consumer.consume({
      topics: ['operations'],
      mode: 'latest',
      autocommit: false,
    });
    this.#stream.on('error', () => {}).resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream?.close();
    await this.#consumer.close();
  }
}

describe('What is no Kafka', () => {
  it('is down where nobody listens.', async () => {
    const [port] = await freePorts(1);
    expect(await failureOf({ brokers: [`127.0.0.1:${port}`] })).toBe(
      `Kafka, list of groups: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('is down where something else answers.', async () => {
    await using server = await listen((_request, response) => response.end(randomBytes(64)), {
      host: '127.0.0.1',
      port: 0,
    });
    expect(await failureOf({ brokers: [`127.0.0.1:${server.port}`] }, 2000)).toMatch(
      /^Kafka, list of groups: /,
    );
  });
});

describe('The lag of a group', () => {
  const ends = new Map([
    [
      't',
      new Map([
        [0, 10n],
        [1, 5n],
      ]),
    ],
  ]);
  const at = (partition: number, offset: bigint, topic = 't') => ({ topic, partition, offset });

  it('is the sum over the partitions of a topic.', () => {
    expect(lagByTopic([at(0, 4n), at(1, 5n)], ends)).toEqual(new Map([['t', 6]]));
  });

  it('is never negative, and one partition beyond its end does not hide another.', () => {
    expect(lagByTopic([at(0, 4n), at(1, 99n)], ends)).toEqual(new Map([['t', 6]]));
  });

  it('is unknown without a commit, and without an end.', () => {
    expect(lagByTopic([at(0, -1n), at(7, 3n), at(0, 1n, 'gone')], ends)).toEqual(new Map());
  });
});
