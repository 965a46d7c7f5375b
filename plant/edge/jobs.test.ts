import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestGateway } from '../testing/test-gateway.ts';
import { aCommand } from '../testing/test-mes.ts';

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await TestGateway.beforeFakeMes();
});
afterEach(() => gateway[Symbol.asyncDispose]());

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
  const jobNow = () => gateway.call('GET', '/units/T-U1/job');
  const known = (more: object) =>
    gateway.until(
      'the order',
      async () => JSON.stringify((await jobNow()).body) === JSON.stringify({ ...job, ...more }),
    );

  it('is known without the MES, also after a restart, and follows what is done at the terminal.', async () => {
    gateway.mes.jobOrders = [job];
    await gateway.start();
    expect((await gateway.call('GET', '/units/T-U2/job')).status).toBe(404);
    await known({});
    gateway.mes.ready = false;
    gateway.mes.answer = 503;
    await gateway.stop();
    await gateway.start();
    await known({});
    const command = (name: string, version: number) =>
      gateway.call('POST', '/job-orders/WO-1/commands', aCommand(name, version), `WO-1-${name}`);
    expect(await command('start', 2)).toEqual({
      status: 202,
      body: { command_id: 'WO-1-start', journaled: true },
    });
    await gateway.report(1);
    await known({ state: 'running', version: 3, reported: 1 });
    await gateway.report(2);
    await command('complete', 3);
    expect((await jobNow()).status).toBe(404);

    gateway.mes.jobOrders = [];
    gateway.mes.answer = 200;
    gateway.mes.ready = true;
    await gateway.until('the replay', async () => (await gateway.status()).done === 4);
    const order = [...new Set(gateway.keys())];
    expect(order).toEqual(['WO-1-start', 'T-U1-1', 'T-U1-2', 'WO-1-complete']);
  });

  it('is what the MES says again, when what the terminal did was refused.', async () => {
    gateway.mes.jobOrders = [job];
    await gateway.start();
    await known({});
    gateway.mes.answer = 409;
    await gateway.call('POST', '/job-orders/WO-1/commands', aCommand('start', 2), 'refused');
    await gateway.until('the refusal', async () => (await gateway.status()).dead === 1);
    await known({});
  });

  it("comes with signs of life of the unit's devices.", async () => {
    gateway.mes.jobOrders = [{ ...job, state: 'running' }];
    await gateway.start({ heartbeat_ms: 20 });
    await gateway.until('a heartbeat of a working device', () =>
      gateway.mes.heartbeats.some(({ body }) => JSON.stringify(body).includes('"state":"executing"')),
    );
    expect(gateway.mes.heartbeats[0]?.body).toMatchObject({
      line: 'T',
      devices: [{ id: 'T-U1-PLC' }, { id: 'T-U2-PLC' }],
    });
  });
});
