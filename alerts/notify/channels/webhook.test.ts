import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ListeningServer, listen } from '../../../kit/http-server.ts';
import type { Message } from '../message.ts';
import { noticeBody, noticeLimit } from './notice.ts';
import { createChannel, receiverSchema } from './registry.ts';
import { retryAfterMs } from './retry-after.ts';
import { testTools } from './testing/channel-tools.ts';
import { blockedDatabase, messageOf, silentDevice, testNow } from './testing/messages.ts';

let server: ListeningServer;
const taken: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  server = await listen(
    async (request, response) => {
      taken.push({ headers: request.headers, body: await text(request) });
      response.writeHead(204).end();
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterAll(() => server[Symbol.asyncDispose]());

async function post(message: Message, more: Record<string, unknown> = {}) {
  const receiver = receiverSchema.parse({ name: 'dispatch', kind: 'webhook', url: server.url, ...more });
  const result = await createChannel(receiver, testTools()).send(message, new AbortController().signal);
  expect(result).toEqual({ outcome: 'delivered' });
  const last = taken.at(-1);
  if (last === undefined) throw new Error('nothing was taken');
  return last;
}

it('posts andon.notice/v1 with everything the alert has', async () => {
  const item = blockedDatabase({ acknowledgeUrl: 'https://notify.plant.example/ack/x' });
  const { headers, body } = await post(messageOf([item], 7), { token: 'plant-token' });
  expect(headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    authorization: 'Bearer plant-token',
    'idempotency-key': messageOf([item]).id,
  });
  expect(JSON.parse(body)).toEqual({
    schema: 'andon.notice/v1',
    id: messageOf([item]).id,
    receiver: 'dispatch',
    tier: 'A',
    left_out: { A: 0, B: 0, C: 0 },
    omitted: 7,
    items: [
      {
        event: 'firing',
        tier: 'A',
        fingerprint: item.alert.fingerprint,
        starts_at: '2026-01-31T08:15:00.000Z',
        ends_at: null,
        labels: item.alert.labels,
        annotations: item.alert.annotations,
        acknowledge_url: 'https://notify.plant.example/ack/x',
        generator_url: item.alert.generatorUrl,
        shortened: false,
      },
    ],
  });
});

it('signs the body and the time, and not where there is no secret', async () => {
  const { headers, body } = await post(messageOf([blockedDatabase()]), { secret: 'shared-secret' });
  const time = Math.floor(testNow / 1000);
  const expected = createHmac('sha256', 'shared-secret').update(`${time}.${body}`).digest('hex');
  expect(headers['andon-signature']).toBe(`t=${time},v1=${expected}`);
  expect((await post(messageOf([blockedDatabase()]))).headers).not.toHaveProperty('andon-signature');
});

it('is the same in every attempt', async () => {
  const message = messageOf([blockedDatabase({ event: 'resolved' })]);
  expect((await post(message)).body).toBe((await post(message)).body);
});

it('counts what does not fit', () => {
  const items = Array.from({ length: 5000 }, (_, index) => silentDevice(index < 10 ? 'A' : 'C', index));
  const { body, left } = noticeBody(messageOf(items), 'dispatch');
  const notice = JSON.parse(body);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(noticeLimit);
  expect(notice.items.length + left).toBe(5000);
  expect(notice.left_out).toEqual({ A: 0, B: 0, C: left });
  expect(left).toBeGreaterThan(0);
});

it('shortens an alert that is as large as all others together, and says so', () => {
  const huge = blockedDatabase({
    alert: {
      labels: { alertname: 'X', junk: 'x'.repeat(900_000) },
      annotations: { summary: '温'.repeat(100_000) },
    },
  });
  const { items } = JSON.parse(noticeBody(messageOf([huge, blockedDatabase()]), 'dispatch').body);
  expect(items.map(({ shortened }: { shortened: boolean }) => shortened)).toEqual([true, false]);
  expect(items[0].labels).toEqual({ alertname: 'X' });
  expect(Buffer.byteLength(items[0].annotations.summary)).toBeLessThanOrEqual(1000);
});

it('tells all of a message of fifty, however long each alert is', () => {
  const long = blockedDatabase({ alert: { annotations: { summary: 'x'.repeat(200_000) } } });
  const nearly = blockedDatabase({ alert: { annotations: { summary: 'x'.repeat(18_000) } } });
  for (const item of [long, nearly])
    expect(noticeBody(messageOf(Array.from({ length: 50 }, () => item)), 'dispatch').left).toBe(0);
});

it('reads Retry-After as seconds, as a date, and not otherwise', () => {
  expect(retryAfterMs('120', testNow)).toBe(120_000);
  expect(retryAfterMs('Sat, 31 Jan 2026 08:18:05 GMT', testNow)).toBe(60_000);
  expect(retryAfterMs('Sat, 31 Jan 2025 08:18:05 GMT', testNow)).toBe(0);
  expect(retryAfterMs('soon', testNow)).toBeUndefined();
  expect(retryAfterMs(null, testNow)).toBeUndefined();
});
