import { expect, it } from 'vitest';
import { renderExposition } from '../exposition.ts';
import { fakeManagementUrl, startFakeRabbitmq } from '../testing/fake-rabbitmq.ts';
import { parseMetrics } from '../testing/metrics-text.ts';
import { rabbitmq } from './rabbitmq.ts';

const limit = () => AbortSignal.timeout(10_000);

it('the queue collector reports every lasting queue, also one without statistics', async () => {
  await using broker = await startFakeRabbitmq();
  const { samples } = await rabbitmq('mes-queue', fakeManagementUrl(broker), fetch).collect(limit());
  const of = (queue: string) => `{target="mes-queue",vhost="/",queue="${queue}"}`;
  expect(Object.fromEntries(parseMetrics(renderExposition(samples)))).toEqual({
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
  const collecting = rabbitmq('mes-queue', fakeManagementUrl(broker, 'wrong'), fetch).collect(limit());
  await expect(collecting).rejects.toThrow('the management API answered 401');
});
