import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestGateway } from '../testing/test-gateway.ts';
import { aCommand, aReport } from '../testing/test-mes.ts';

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await TestGateway.beforeFakeMes();
});
afterEach(() => gateway[Symbol.asyncDispose]());

describe('The gateway', () => {
  it('acknowledges what is in its journal, and forwards it for the person who handed it over.', async () => {
    await gateway.start();
    expect(await gateway.report(1)).toEqual({ status: 202, body: { op_id: 'T-U1-1', journaled: true } });
    await gateway.until('the report', () => gateway.mes.posts.length === 1);
    expect(gateway.mes.posts[0]).toMatchObject({
      path: '/operations',
      key: 'T-U1-1',
      onBehalfOf: 'the operator',
      body: { recovered: false },
    });
    await gateway.until('its end', async () => (await gateway.status()).done === 1);
    expect(await gateway.status()).toMatchObject({
      pending: 0,
      parked: 0,
      dead: 0,
      lastForwardedAt: expect.any(String),
    });
  });

  it('takes the same operation again without forwarding it again.', async () => {
    await gateway.start();
    expect((await gateway.report(1)).status).toBe(202);
    expect((await gateway.report(1)).status).toBe(202);
    await gateway.report(2);
    await gateway.until('the reports', () => gateway.mes.posts.length === 2);
    expect(gateway.keys()).toEqual(['T-U1-1', 'T-U1-2']);
  });

  it('keeps the order of each source, one on its way at a time, and lets no source wait for another.', async () => {
    gateway.mes.answer = ({ body }) => (body.source === 'T-U1' && body.seq === 1 ? 'hang' : 200);
    await gateway.start({ retry_delay_ms: 60_000 });
    for (const seq of [1, 2, 3]) await gateway.report(seq, 'T-U1');
    for (const seq of [1, 2, 3]) await gateway.report(seq, 'T-U2');
    await gateway.until(
      'the other source',
      () => gateway.keys().filter((key) => key?.startsWith('T-U2')).length === 3,
    );
    expect(gateway.keys().filter((key) => key?.startsWith('T-U1'))).toEqual(['T-U1-1']);
    expect(gateway.keys().filter((key) => key?.startsWith('T-U2'))).toEqual(['T-U2-1', 'T-U2-2', 'T-U2-3']);
    expect(gateway.mes.mostAtOnce).toBe(1);
  });

  it.each([503, 408, 429])('tries again after %s, and then goes on in order.', async (failure) => {
    let failures = 2;
    gateway.mes.answer = () => (failures-- > 0 ? failure : 200);
    await gateway.start();
    await gateway.report(1);
    await gateway.report(2);
    await gateway.until('the reports', async () => (await gateway.status()).done === 2);
    expect(gateway.keys()).toEqual(['T-U1-1', 'T-U1-1', 'T-U1-1', 'T-U1-2']);
    expect(gateway.mes.posts.every(({ body }) => body.recovered === false)).toBe(true);
  });

  it('tries again when there is no answer in time.', async () => {
    let silences = 2;
    gateway.mes.answer = () => (silences-- > 0 ? 'hang' : 200);
    await gateway.start({ request_timeout_ms: 300 });
    await gateway.report(1);
    await gateway.report(2);
    await gateway.until('the reports', async () => (await gateway.status()).done === 2);
    // On a busy computer a later answer may come too late as well: then there is one attempt more.
    expect(gateway.keys().slice(0, 3)).toEqual(['T-U1-1', 'T-U1-1', 'T-U1-1']);
    expect(gateway.keys().at(-1)).toBe('T-U1-2');
  });

  it('parks a source after three retries, until the MES is ready; then it replays all as recovered.', async () => {
    gateway.mes.answer = 503;
    gateway.mes.ready = false;
    await gateway.start();
    await gateway.report(1);
    await gateway.until('the parking', async () => (await gateway.status()).parked === 1);
    expect(gateway.mes.posts).toHaveLength(4);
    await gateway.report(2);
    expect(await gateway.status()).toMatchObject({ parked: 1, pending: 1 });
    gateway.mes.answer = 200;
    gateway.mes.ready = true;
    await gateway.until('the replay', async () => (await gateway.status()).done === 2);
    expect(gateway.mes.posts.slice(4).map(({ key, body }) => [key, body.recovered])).toEqual([
      ['T-U1-1', true],
      ['T-U1-2', true],
    ]);
    await gateway.report(3);
    await gateway.until('the present', async () => (await gateway.status()).done === 3);
    expect(gateway.mes.posts.at(-1)?.body.recovered).toBe(false);
  });

  it('lays aside what the MES refuses, and goes on with the next.', async () => {
    gateway.mes.answer = ({ body }) => (body.seq === 1 ? 409 : 200);
    await gateway.start();
    await gateway.report(1);
    await gateway.report(2);
    await gateway.until('the second', async () => (await gateway.status()).done === 1);
    expect(await gateway.status()).toMatchObject({ dead: 1, pending: 0 });
    expect(gateway.keys()).toEqual(['T-U1-1', 'T-U1-2']);
  });

  it('forwards after a restart what was acknowledged before it.', async () => {
    gateway.mes.answer = 'hang';
    await gateway.start({ retry_delay_ms: 60_000 });
    await gateway.report(1);
    await gateway.report(2);
    await gateway.until('the attempt', () => gateway.mes.posts.length === 1);
    await gateway.stop();
    gateway.mes.answer = 200;
    await gateway.start();
    await gateway.until('the reports', async () => (await gateway.status()).done === 2);
    expect(new Set(gateway.keys())).toEqual(new Set(['T-U1-1', 'T-U1-2']));
  });

  it('loses what fails once when it is weakened so, as a drill must be able to see.', async () => {
    gateway.mes.answer = ({ body }) => (body.seq === 1 ? 503 : 200);
    await gateway.start({ weaken: ['retry'] });
    expect((await gateway.report(1)).status).toBe(202);
    await gateway.report(2);
    await gateway.until('the second', async () => (await gateway.status()).done === 1);
    expect(await gateway.status()).toMatchObject({ dropped: 1, pending: 0 });
    expect(gateway.keys()).toEqual(['T-U1-1', 'T-U1-2']);
  });

  it('takes nothing from strangers, of other lines, or out of shape.', async () => {
    await gateway.start();
    const body = aReport('WO-1', 'T-U1', 1);
    expect(await gateway.call('POST', '/operations', body, body.op_id, 'nobody')).toMatchObject({
      status: 401,
    });
    expect((await gateway.report(1, 'T-U1', { line: 'L9' })).status).toBe(400);
    expect((await gateway.report(1, 'T-U1', { seq: 'one' })).status).toBe(400);
    expect((await gateway.call('POST', '/job-orders/WO-1/commands', aCommand('start', 1))).status).toBe(400);
    expect((await gateway.call('GET', '/units/L9-U1/job')).status).toBe(404);
    expect((await gateway.status()).pending).toBe(0);
  });
});
