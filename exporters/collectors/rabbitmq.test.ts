import { describe, expect, it } from 'vitest';
import { listen } from '../../kit/http-server.ts';
import { freePorts } from '../../kit/ports.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { fakeManagementUrl, startFakeRabbitmq } from '../testing/fake-rabbitmq.ts';
import { startHalfOpenLink } from '../testing/half-open-link.ts';
import { rabbitmq } from './rabbitmq.ts';

const collectorsOf = (doors: { management: string; prometheus?: string }) =>
  new TestCollectors(rabbitmq, {
    targets: { 'mes-queue': { kind: 'rabbitmq', url: 'amqp://127.0.0.1', ...doors } },
  });

const up = 'mes_queue_up{target="mes-queue"}';
const of = (queue: string) => `{target="mes-queue",vhost="/",queue="${queue}"}`;
const depths = {
  [up]: 1,
  [`mes_queue_messages_ready${of('erp.operations')}`]: 7,
  [`mes_queue_messages_unacked${of('erp.operations')}`]: 2,
  [`mes_queue_consumers${of('erp.operations')}`]: 2,
  [`mes_queue_messages_ready${of('mes.dead-letters')}`]: 1,
  [`mes_queue_messages_unacked${of('mes.dead-letters')}`]: 0,
  [`mes_queue_consumers${of('mes.dead-letters')}`]: 0,
};

async function failureOf(doors: { management: string; prometheus?: string }): Promise<string | undefined> {
  using collectors = collectorsOf(doors);
  const { found, failure } = await collectOnce(collectors.get(), 1000);
  expect([...found]).toEqual([[up, 0]]);
  return failure;
}

const answering = (body: string) =>
  listen((_request, response) => response.end(body), { host: '127.0.0.1', port: 0 });

describe('The queue collector, by the management API', () => {
  it('reports every lasting queue, also one without statistics.', async () => {
    await using broker = await startFakeRabbitmq();
    using collectors = collectorsOf({ management: fakeManagementUrl(broker) });
    const { found, failure } = await collectOnce(collectors.get());
    expect(failure).toBeUndefined();
    expect(Object.fromEntries(found)).toEqual({
      ...depths,
      [`mes_queue_messages_acked_total${of('erp.operations')}`]: 341,
      [`mes_queue_messages_redelivered_total${of('erp.operations')}`]: 3,
      [`mes_queue_oldest_message_timestamp_seconds${of('erp.operations')}`]: 1_750_000_000,
      [`mes_queue_messages_acked_total${of('mes.dead-letters')}`]: 0,
      [`mes_queue_messages_redelivered_total${of('mes.dead-letters')}`]: 0,
    });
  });

  it('still tells the depth, and what is missing, when the statistics never come.', async () => {
    await using broker = await startFakeRabbitmq({ statistics: 'never' });
    using collectors = collectorsOf({ management: fakeManagementUrl(broker) });
    const { found, failure } = await collectOnce(collectors.get(), 1000);
    expect(Object.fromEntries(found)).toEqual(depths);
    expect(failure).toBe('the management API did not answer in time');
  });

  it('fails when the broker refuses the password, and does not tell it.', async () => {
    await using broker = await startFakeRabbitmq();
    expect(await failureOf({ management: fakeManagementUrl(broker, 'wrong') })).toBe(
      'the management API answered 401: wrong user or password',
    );
  });

  it('fails when nobody listens.', async () => {
    const [port] = await freePorts(1);
    expect(await failureOf({ management: `http://127.0.0.1:${port}` })).toBe(
      `the management API: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('fails in time when the link is dead.', async () => {
    await using broker = await startFakeRabbitmq();
    await using link = await startHalfOpenLink(broker.port);
    link.cut();
    expect(await failureOf({ management: `http://guest:p%40ss@127.0.0.1:${link.port}` })).toMatch(
      /^(no answer within 1000 ms|the management API did not answer in time)$/,
    );
  });

  it.each([
    ['no JSON', '<html>', 'the management API answered with something that is no JSON'],
    [
      'other JSON',
      '{"a": 1}',
      'the management API answered with something else than a list of queues or consumers',
    ],
  ])('fails on %s.', async (_what, body, message) => {
    await using server = await answering(body);
    expect(await failureOf({ management: server.url })).toContain(message);
  });
});

describe('The queue collector, by the Prometheus endpoint', () => {
  const management = 'http://127.0.0.1:9';
  const info = 'rabbitmq_build_info{rabbitmq_version="4.1.0"} 1\n';
  const queue = '{vhost="/",queue="a \\"b\\", {c}"}';

  it('reads what later versions count for each queue, and leaves out what was dropped rather than dead-lettered.', async () => {
    const detailed = [
      `rabbitmq_detailed_queue_messages_ready${queue} 3`,
      `rabbitmq_detailed_queue_messages_acked_total${queue} 40`,
      `rabbitmq_detailed_queue_get_ack_total${queue} 2`,
      `rabbitmq_detailed_queue_messages_redelivered_total${queue} 5`,
      'rabbitmq_detailed_queue_messages_ready{vhost="/",queue="amq.gen-1"} 9',
      'rabbitmq_detailed_queue_head_message_timestamp{vhost="/",queue="empty"} NaN',
      'rabbitmq_global_messages_dead_lettered_rejected_total{dead_letter_strategy="at_most_once"} 6',
      'rabbitmq_global_messages_dead_lettered_expired_total{dead_letter_strategy="at_least_once"} 1',
      'rabbitmq_global_messages_dead_lettered_confirmed_total{dead_letter_strategy="at_least_once"} 1',
      'rabbitmq_global_messages_dead_lettered_maxlen_total{dead_letter_strategy="disabled"} 100',
    ];
    await using server = await answering(`${info}${detailed.join('\n')}\n`);
    using collectors = collectorsOf({ management, prometheus: server.url });
    const { found, failure } = await collectOnce(collectors.get());
    expect(failure).toBeUndefined();
    const name = of('a \\"b\\", {c}');
    expect(Object.fromEntries(found)).toEqual({
      [up]: 1,
      [`mes_queue_messages_ready${name}`]: 3,
      [`mes_queue_messages_acked_total${name}`]: 42,
      [`mes_queue_messages_redelivered_total${name}`]: 5,
      'mes_queue_messages_dead_lettered_total{target="mes-queue",vhost="",queue=""}': 7,
    });
  });

  it('fails on what is no RabbitMQ.', async () => {
    await using server = await answering('node_load1 3\n');
    expect(await failureOf({ management, prometheus: server.url })).toBe(
      'the Prometheus endpoint is none of a RabbitMQ: it says nothing of rabbitmq_build_info',
    );
  });
});
