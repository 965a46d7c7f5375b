import { expect, it } from 'vitest';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { fakeManagementUrl, startFakeRabbitmq } from '../testing/fake-rabbitmq.ts';
import { rabbitmq } from './rabbitmq.ts';

const collectorsOf = (management: string) =>
  new TestCollectors(rabbitmq, {
    targets: { 'mes-queue': { kind: 'rabbitmq', url: 'amqp://127.0.0.1', management } },
  });

it('the queue collector reports every lasting queue, also one without statistics', async () => {
  await using broker = await startFakeRabbitmq();
  using collectors = collectorsOf(fakeManagementUrl(broker));
  const { found } = await collectOnce(collectors.get());
  const of = (queue: string) => `{target="mes-queue",vhost="/",queue="${queue}"}`;
  expect(Object.fromEntries(found)).toEqual({
    [`mes_queue_messages_ready${of('erp.operations')}`]: 7,
    [`mes_queue_messages_unacked${of('erp.operations')}`]: 2,
    [`mes_queue_consumers${of('erp.operations')}`]: 2,
    [`mes_queue_messages_acked_total${of('erp.operations')}`]: 341,
    [`mes_queue_messages_redelivered_total${of('erp.operations')}`]: 3,
    [`mes_queue_messages_ready${of('mes.dead-letters')}`]: 1,
    [`mes_queue_messages_unacked${of('mes.dead-letters')}`]: 0,
    [`mes_queue_consumers${of('mes.dead-letters')}`]: 0,
    [`mes_queue_messages_acked_total${of('mes.dead-letters')}`]: 0,
    [`mes_queue_messages_redelivered_total${of('mes.dead-letters')}`]: 0,
  });
});

it('the queue collector fails, with the reason, when the broker refuses the password', async () => {
  await using broker = await startFakeRabbitmq();
  using collectors = collectorsOf(fakeManagementUrl(broker, 'wrong'));
  expect((await collectOnce(collectors.get())).failure).toBe('the management API answered 401');
});
