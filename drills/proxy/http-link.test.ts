import { describe, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { httpLinkBench as bench } from '../testing/http-link-bench.ts';
import { HttpPeer } from '../testing/http-peer.ts';
import { connectPeer } from '../testing/tcp-peer.ts';
import { type HttpFault, httpFaultSchema } from './http-link-fault.ts';

const within = (what: string, check: () => boolean) =>
  waitFor(check, { what, timeoutMs: 10_000, everyMs: 5 });

const fault = (wish: object): HttpFault => httpFaultSchema.parse(wish);

describe('An HTTP link that is ill', () => {
  test('answers in place of the service, on connections that are open already', async () => {
    const { service, link, client } = await bench();
    await client.ask('/before');
    link.disturb('me', fault({ kind: 'answer', status: 503 }));
    const usual = await client.ask('/during', { method: 'POST', body: 'x'.repeat(200_000) });
    expect(usual).toMatchObject({ status: 503, body: expect.stringContaining('drill') });
    link.disturb('me', fault({ kind: 'answer', status: 429, body: 'slow down' }));
    expect(await client.ask('/during')).toMatchObject({ status: 429, body: 'slow down' });
    expect([link.touched('me'), link.touched('you')]).toEqual([2, 0]);
    link.heal('me');
    expect(await client.ask('/after')).toMatchObject({ status: 200 });
    expect(service.seen).toEqual(['GET /before', 'GET /after']);
    expect(link.touched('me')).toBe(0);
  });

  test('passes requests on late, and all that wait when it ends', async () => {
    const { service, link, client, port } = await bench();
    link.disturb('me', fault({ kind: 'delay', delayMs: 1, jitterMs: 1 }));
    expect(await client.ask('/late')).toMatchObject({ status: 200 });
    link.disturb('me', fault({ kind: 'delay', delayMs: 3_600_000, path: '/held/' }));
    const waiting = client.ask('/held/waits');
    const other = await connectPeer(port);
    other.socket.write('GET /held/gives-up HTTP/1.1\r\nHost: x\r\n\r\n');
    await within('both', () => link.touched('me') === 3);
    other.socket.destroy();
    await other.closed;
    using beside = new HttpPeer(port);
    for (let round = 0; round < 20; round++) await beside.ask('/passes');
    const seen = () => service.seen.filter((request) => request !== 'GET /passes');
    expect(seen()).toEqual(['GET /late']);
    link.heal('me');
    expect(await waiting).toMatchObject({ status: 200 });
    expect(seen(), 'nobody waits for the other any more').toEqual(['GET /late', 'GET /held/waits']);
  });

  test('hangs until it ends, and lets go on then who still waits', async () => {
    const { service, link, client } = await bench();
    link.disturb('me', fault({ kind: 'hang' }));
    const waiting = client.ask('/waits', { method: 'POST', body: 'all of it' });
    await within('the hit', () => link.touched('me') === 1);
    expect(service.seen).toEqual([]);
    link.heal('me');
    expect(await waiting).toMatchObject({ status: 200 });
    expect(service.seen).toEqual(['POST /waits']);
  });

  test('resets', async () => {
    const { service, link, client } = await bench();
    await client.ask('/before');
    link.disturb('me', fault({ kind: 'reset' }));
    expect(await client.ask('/during')).toEqual({ error: 'ECONNRESET' });
    link.heal('me');
    expect(await client.ask('/after')).toMatchObject({ status: 200 });
    expect(service.seen).toEqual(['GET /before', 'GET /after']);
  });

  test('talks nonsense: data that breaks off, no HTTP, and a page instead of data', async () => {
    const { service, link, client } = await bench();
    link.disturb('me', fault({ kind: 'garbage' }));
    expect(await client.ask()).toEqual({ error: 'ECONNRESET' });
    expect(await client.ask()).toEqual({ error: expect.stringMatching(/^HPE_/) });
    expect(await client.ask()).toMatchObject({
      status: 200,
      body: expect.stringContaining('<!doctype html>'),
    });
    expect([link.touched('me'), service.seen]).toEqual([3, []]);
    link.heal('me');
    expect(await client.ask()).toMatchObject({ status: 200 });
  });

  test('hits a share of the requests, by lot', async () => {
    const lots = [0.1, 0.9, 0.29, 0.3, 0.5];
    const { link, client } = await bench(undefined, () => lots.shift() ?? 1);
    link.disturb('me', fault({ kind: 'answer', status: 500, ratio: 0.3 }));
    const statuses = [];
    for (let round = 0; round < 5; round++) statuses.push((await client.ask()).status);
    expect(statuses).toEqual([500, 200, 500, 200, 200]);
    expect(link.touched('me')).toBe(2);
  });

  test('hits only what it is about', async () => {
    const { link, client } = await bench();
    link.disturb('me', fault({ kind: 'answer', status: 500, path: '/sign', method: 'POST' }));
    const statuses = [];
    for (const [path, method] of [
      ['/signatures', 'POST'],
      ['/signatures', 'GET'],
      ['/-/healthy', 'POST'],
    ] as const)
      statuses.push((await client.ask(path, { method })).status);
    expect(statuses).toEqual([500, 200, 200]);
    expect(link.touched('me')).toBe(1);
  });

  test('obeys several holders, each with a count of its own', async () => {
    const { link, client } = await bench();
    link.disturb('a', fault({ kind: 'answer', status: 500, path: '/a' }));
    link.disturb('b', fault({ kind: 'answer', status: 501 }));
    expect([(await client.ask('/a')).status, (await client.ask('/b')).status]).toEqual([500, 501]);
    link.heal('b');
    expect([(await client.ask('/a')).status, (await client.ask('/b')).status]).toEqual([500, 200]);
    expect([link.touched('a'), link.touched('b')]).toEqual([2, 0]);
  });
});
