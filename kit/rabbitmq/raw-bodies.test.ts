import { afterAll, beforeAll, expect, test } from 'vitest';
import { reserveTestRabbit, type TestRabbit } from '../../plant/testing/rabbitmq.ts';
import { openAmqp } from './amqp-session.ts';
import { contentOf, keepBytes } from './raw-bodies.ts';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await reserveTestRabbit();
  await rabbit.start();
}, 120_000);
afterAll(() => rabbit?.[Symbol.asyncDispose]());

const bodies = [
  ['application/json', Buffer.from('{"quantity": 1.0, "seq": 123456789012345678901234567890}')],
  ['application/json', Buffer.alloc(0)],
  ['text/plain', Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28])],
  [undefined, Buffer.from('{"a": 1.0}')],
  ['application/json', Buffer.from(JSON.stringify({ long: 'x'.repeat(300_000) }))],
] as const;

test('Bodies are the bytes that they are, whatever their content type says, and that stays as it was.', async () => {
  await using session = await openAmqp(rabbit.url, 'test');
  const [plain, raw] = [await session.channel(), keepBytes(await session.channel())];
  await plain.queueDeclare({ queue: 'bytes', durable: true });
  await plain.confirmSelect();
  for (const [contentType, body] of bodies)
    await plain.basicPublish({ routingKey: 'bytes', ...(contentType && { contentType }) }, body);
  for (const [contentType, body] of bodies) {
    const message = await raw.basicGet({ queue: 'bytes', noAck: true });
    if (!message) throw new Error('no message');
    expect(contentOf(message)).toEqual({ body, contentType });
  }
});

test('A body that was parsed is refused: its bytes are not known any more.', async () => {
  await using session = await openAmqp(rabbit.url, 'test');
  const channel = await session.channel();
  await channel.queueDeclare({ queue: 'parsed', exclusive: true });
  await channel.basicPublish({ routingKey: 'parsed' }, { quantity: 1 });
  const message = await channel.basicGet({ queue: 'parsed', noAck: true });
  if (!message) throw new Error('no message');
  expect(message.body).toEqual({ quantity: 1 });
  expect(() => contentOf(message)).toThrow('has been parsed');
});
