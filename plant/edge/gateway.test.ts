import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { waitFor } from '../../kit/wait.ts';
import { callMes, type MesAnswer } from '../mes-client.ts';
import type { RunningProcess } from '../run-process.ts';
import { edgeSettingsSchema, standardLine } from '../settings.ts';
import { type FakeMes, startFakeMes } from '../testing/fake-mes.ts';
import { aCommand, aReport, testContext, testTokens } from '../testing/test-mes.ts';
import { startGateway } from './gateway.ts';

let folder: string;
let mes: FakeMes;
let gateway: RunningProcess;

type Settings = Partial<z.input<typeof edgeSettingsSchema>>;
const start = (settings: Settings = {}) =>
  startGateway(
    edgeSettingsSchema.parse({
      line: standardLine('T', 2),
      mes: { url: mes.url, token: 'system' },
      tokens: testTokens,
      journal: path.join(folder, 'journal.sqlite'),
      request_timeout_ms: 200,
      retry_delay_ms: 50,
      ready_poll_ms: 20,
      job_poll_ms: 20,
      ...settings,
    }),
    testContext,
  );

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-edge-'));
  mes = await startFakeMes();
});
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await mes[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const call = (method: 'GET' | 'POST', at: string, body?: object, key?: string): Promise<MesAnswer> =>
  callMes(
    { url: gateway.url, token: 'operator' },
    { method, path: at, body, timeoutMs: 20_000, ...(key === undefined ? {} : { key }) },
  );
const report = (seq: number, unit = 'T-U1', more: object = {}) => {
  const body = aReport('WO-1', unit, seq, more);
  return call('POST', '/operations', body, body.op_id);
};
const until = (what: string, check: () => boolean | Promise<boolean>) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });
const status = async () => (await call('GET', '/-/status')).body as Record<string, number | string | null>;
const keys = () => mes.posts.map(({ key }) => key);

describe('The gateway', () => {
  it('acknowledges what is in its journal, and forwards it for the person who handed it over.', async () => {
    gateway = await start();
    expect(await report(1)).toEqual({ status: 202, body: { op_id: 'T-U1-1', journaled: true } });
    await until('the report', () => mes.posts.length === 1);
    expect(mes.posts[0]).toMatchObject({
      path: '/operations',
      key: 'T-U1-1',
      onBehalfOf: 'the operator',
      body: { recovered: false },
    });
    await until('its end', async () => (await status()).done === 1);
    expect(await status()).toMatchObject({
      pending: 0,
      parked: 0,
      dead: 0,
      lastForwardedAt: expect.any(String),
    });
  });

  it('takes the same operation again without forwarding it again.', async () => {
    gateway = await start();
    expect((await report(1)).status).toBe(202);
    expect((await report(1)).status).toBe(202);
    await report(2);
    await until('the reports', () => mes.posts.length === 2);
    expect(keys()).toEqual(['T-U1-1', 'T-U1-2']);
  });

  it('keeps the order of each source, one on its way at a time, and lets no source wait for another.', async () => {
    mes.answer = ({ body }) => (body.source === 'T-U1' && body.seq === 1 ? 'hang' : 200);
    gateway = await start({ retry_delay_ms: 60_000 });
    for (const seq of [1, 2, 3]) await report(seq, 'T-U1');
    for (const seq of [1, 2, 3]) await report(seq, 'T-U2');
    await until('the other source', () => keys().filter((key) => key?.startsWith('T-U2')).length === 3);
    expect(keys().filter((key) => key?.startsWith('T-U1'))).toEqual(['T-U1-1']);
    expect(keys().filter((key) => key?.startsWith('T-U2'))).toEqual(['T-U2-1', 'T-U2-2', 'T-U2-3']);
    expect(mes.mostAtOnce).toBe(1);
  });

  it.each([503, 408, 429, 'hang'] as const)(
    'tries again after %s, and then goes on in order.',
    async (failure) => {
      let failures = 2;
      mes.answer = () => (failures-- > 0 ? failure : 200);
      gateway = await start();
      await report(1);
      await report(2);
      await until('the reports', async () => (await status()).done === 2);
      expect(keys()).toEqual(['T-U1-1', 'T-U1-1', 'T-U1-1', 'T-U1-2']);
      expect(mes.posts.every(({ body }) => body.recovered === false)).toBe(true);
    },
  );

  it('parks a source after three retries, until the MES is ready; then it replays all as recovered.', async () => {
    mes.answer = 503;
    mes.ready = false;
    gateway = await start();
    await report(1);
    await until('the parking', async () => (await status()).parked === 1);
    expect(mes.posts).toHaveLength(4);
    await report(2);
    expect(await status()).toMatchObject({ parked: 1, pending: 1 });
    mes.answer = 200;
    mes.ready = true;
    await until('the replay', async () => (await status()).done === 2);
    expect(mes.posts.slice(4).map(({ key, body }) => [key, body.recovered])).toEqual([
      ['T-U1-1', true],
      ['T-U1-2', true],
    ]);
    await report(3);
    await until('the present', async () => (await status()).done === 3);
    expect(mes.posts.at(-1)?.body.recovered).toBe(false);
  });

  it('lays aside what the MES refuses, and goes on with the next.', async () => {
    mes.answer = ({ body }) => (body.seq === 1 ? 409 : 200);
    gateway = await start();
    await report(1);
    await report(2);
    await until('the second', async () => (await status()).done === 1);
    expect(await status()).toMatchObject({ dead: 1, pending: 0 });
    expect(keys()).toEqual(['T-U1-1', 'T-U1-2']);
  });

  it('forwards after a restart what was acknowledged before it.', async () => {
    mes.answer = 'hang';
    gateway = await start({ retry_delay_ms: 60_000 });
    await report(1);
    await report(2);
    await until('the attempt', () => mes.posts.length === 1);
    await gateway[Symbol.asyncDispose]();
    mes.answer = 200;
    gateway = await start();
    await until('the reports', async () => (await status()).done === 2);
    expect(new Set(keys())).toEqual(new Set(['T-U1-1', 'T-U1-2']));
  });

  it('loses what fails once when it is weakened so, as a drill must be able to see.', async () => {
    mes.answer = ({ body }) => (body.seq === 1 ? 503 : 200);
    gateway = await start({ weaken: ['retry'] });
    expect((await report(1)).status).toBe(202);
    await report(2);
    await until('the second', async () => (await status()).done === 1);
    expect(await status()).toMatchObject({ dropped: 1, pending: 0 });
    expect(keys()).toEqual(['T-U1-1', 'T-U1-2']);
  });

  it('takes nothing from strangers, of other lines, or out of shape.', async () => {
    gateway = await start();
    const stranger = { url: gateway.url, token: 'nobody' };
    const body = aReport('WO-1', 'T-U1', 1);
    expect(
      await callMes(stranger, { method: 'POST', path: '/operations', body, timeoutMs: 20_000 }),
    ).toMatchObject({ status: 401 });
    expect((await report(1, 'T-U1', { line: 'L9' })).status).toBe(400);
    expect((await report(1, 'T-U1', { seq: 'one' })).status).toBe(400);
    expect((await call('POST', '/job-orders/WO-1/commands', aCommand('start', 1))).status).toBe(400);
    expect((await call('GET', '/units/L9-U1/job')).status).toBe(404);
    expect((await status()).pending).toBe(0);
  });
});

describe("A unit's order", () => {
  const job = {
    id: 'WO-1',
    line: 'T',
    unit: 'T-U1',
    product: 'P',
    quantity: 2,
    reported: 0,
    state: 'dispatched',
    version: 2,
  };
  const jobNow = () => call('GET', '/units/T-U1/job');
  const known = (more: object) =>
    until(
      'the order',
      async () => JSON.stringify((await jobNow()).body) === JSON.stringify({ ...job, ...more }),
    );

  it('is known without the MES, also after a restart, and follows what is done at the terminal.', async () => {
    mes.jobOrders = [job];
    gateway = await start();
    expect((await call('GET', '/units/T-U2/job')).status).toBe(404);
    await known({});
    mes.ready = false;
    mes.answer = 503;
    await gateway[Symbol.asyncDispose]();
    gateway = await start();
    await known({});
    const command = (name: string, version: number) =>
      call('POST', '/job-orders/WO-1/commands', aCommand(name, version), `WO-1-${name}`);
    expect(await command('start', 2)).toEqual({
      status: 202,
      body: { command_id: 'WO-1-start', journaled: true },
    });
    await report(1);
    await known({ state: 'running', version: 3, reported: 1 });
    await report(2);
    await command('complete', 3);
    expect((await jobNow()).status).toBe(404);

    mes.jobOrders = [];
    mes.answer = 200;
    mes.ready = true;
    await until('the replay', async () => (await status()).done === 4);
    const order = [...new Set(keys())];
    expect(order).toEqual(['WO-1-start', 'T-U1-1', 'T-U1-2', 'WO-1-complete']);
  });

  it('is what the MES says again, when what the terminal did was refused.', async () => {
    mes.jobOrders = [job];
    gateway = await start();
    await known({});
    mes.answer = 409;
    await call('POST', '/job-orders/WO-1/commands', aCommand('start', 2), 'refused');
    await until('the refusal', async () => (await status()).dead === 1);
    await known({});
  });

  it("comes with signs of life of the unit's devices.", async () => {
    mes.jobOrders = [{ ...job, state: 'running' }];
    gateway = await start({ heartbeat_ms: 20 });
    await until('a heartbeat of a working device', () =>
      mes.heartbeats.some(({ body }) => JSON.stringify(body).includes('"state":"executing"')),
    );
    expect(mes.heartbeats[0]?.body).toMatchObject({
      line: 'T',
      devices: [{ id: 'T-U1-PLC' }, { id: 'T-U2-PLC' }],
    });
  });
});
