import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { query } from '../testing/query.ts';
import { aCommand, anOrder, aReport, runningOrder, startTestMes, type TestMes } from '../testing/test-mes.ts';
import { commands, states, transitionFor } from './transitions.ts';

let postgres: TestPostgres;
let url: string;
let mes: TestMes;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.database('mes');
  mes = await startTestMes({ database: url });
});
afterAll(async () => {
  await mes?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const order = (id: string) =>
  query(url, 'SELECT * FROM work_orders WHERE id = $1', [id]).then(([row]) => row);
const commandOn = (id: string) => `/job-orders/${id}/commands`;

describe('A work order', () => {
  it('goes from its request to closed, and each step is on record.', async () => {
    expect(await mes.post('director', '/operations-requests', anOrder('WO-1'))).toEqual({
      status: 201,
      body: { id: 'WO-1', state: 'created', version: 1 },
    });
    const steps = [
      ['director', 'dispatch', 'dispatched', { unit: 'T-U1' }],
      ['operator', 'start', 'running', {}],
      ['maintainer', 'pause', 'paused', { reason: 'tool change' }],
      ['maintainer', 'resume', 'running', { reason: 'tool changed' }],
      ['operator', 'complete', 'completed', {}],
      ['leader', 'qc_pass', 'closed', {}],
    ] as const;
    for (const [index, [role, command, state, more]] of steps.entries()) {
      const answer = await mes.post(
        role,
        commandOn('WO-1'),
        aCommand(command, index + 1, more),
        `WO-1-${index}`,
      );
      expect(answer).toEqual({ status: 200, body: { id: 'WO-1', state, version: index + 2 } });
    }
    const record = await query(
      url,
      'SELECT command, role FROM transitions WHERE work_order_id = $1 ORDER BY id',
      ['WO-1'],
    );
    expect(record).toEqual(steps.map(([role, command]) => ({ command, role })));
    expect(await query(url, "SELECT status, current_order FROM work_units WHERE id = 'T-U1'")).toEqual([
      { status: 'idle', current_order: null },
    ]);
  });

  it('refuses every command that the table does not have for its state, and changes nothing.', async () => {
    await mes.post('director', '/operations-requests', anOrder('WO-all'));
    for (const state of states) {
      await query(url, 'UPDATE work_orders SET state = $1 WHERE id = $2', [state, 'WO-all']);
      for (const command of commands.filter((candidate) => !transitionFor(candidate, state))) {
        const body = aCommand(command, 1, { unit: 'T-all', reason: 'none' });
        const role = ['dispatch', 'revoke', 'abort'].includes(command) ? 'director' : 'leader';
        expect(await mes.post(role, commandOn('WO-all'), body, `all-${state}-${command}`)).toMatchObject({
          status: 409,
          body: { error: { code: 'illegal-transition' } },
        });
      }
      expect(await order('WO-all')).toMatchObject({ state, version: 1 });
    }
  });

  it('is dispatched once to a unit: two orders at the same moment leave one of them waiting.', async () => {
    const ids = ['WO-race-1', 'WO-race-2', 'WO-race-3', 'WO-race-4'];
    for (const id of ids) await mes.post('director', '/operations-requests', anOrder(id));
    const answers = await Promise.all(
      ids.map((id) =>
        mes.post('director', commandOn(id), aCommand('dispatch', 1, { unit: 'T-race' }), `race-${id}`),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    const [unit] = await query<{ current_order: string }>(
      url,
      "SELECT current_order FROM work_units WHERE id = 'T-race'",
    );
    const winner = ids[answers.findIndex(({ status }) => status === 200)];
    expect(unit?.current_order).toBe(winner);
  });

  it('keeps what was reported when it is sent back by quality, and counts the rework.', async () => {
    await runningOrder(mes, 'WO-rework', 'T-rework');
    await mes.post(
      'operator',
      '/operations',
      aReport('WO-rework', 'T-rework', 1, { result: 'scrap' }),
      'T-rework-1',
    );
    await mes.post('operator', commandOn('WO-rework'), aCommand('complete', 3), 'rw-c');
    await mes.post('leader', commandOn('WO-rework'), aCommand('qc_fail', 4), 'rw-q');
    expect(await order('WO-rework')).toMatchObject({
      state: 'returned',
      unit: null,
      reported: 1,
      scrap: 1,
      good: 0,
      rework_count: 1,
    });
  });

  it('waits for its material and its predecessor.', async () => {
    await mes.post('director', '/operations-requests', anOrder('WO-before'));
    await mes.post(
      'director',
      '/operations-requests',
      anOrder('WO-after', { predecessor: 'WO-before', material_ready: false }),
    );
    const dispatch = (key: string) =>
      mes.post('director', commandOn('WO-after'), aCommand('dispatch', 1, { unit: 'T-wait' }), key);
    expect(await dispatch('w1')).toMatchObject({ body: { error: { code: 'predecessor-done' } } });
    await query(url, "UPDATE work_orders SET state = 'completed' WHERE id = 'WO-before'");
    expect(await dispatch('w2')).toMatchObject({ body: { error: { code: 'material-present' } } });
    await mes.post('director', '/operations-requests', anOrder('WO-after'));
    expect(await dispatch('w3')).toMatchObject({ status: 200 });
  });
});

describe('A command', () => {
  it('that is sent again is answered the same and done once; under another key its version is too old.', async () => {
    await mes.post('director', '/operations-requests', anOrder('WO-twice'));
    const body = aCommand('dispatch', 1, { unit: 'T-twice' });
    const first = await mes.post('director', commandOn('WO-twice'), body, 'twice');
    expect(await mes.post('director', commandOn('WO-twice'), body, 'twice')).toEqual(first);
    expect(await mes.post('director', commandOn('WO-twice'), body, 'other')).toMatchObject({
      status: 409,
      body: { error: { code: 'version-conflict' } },
    });
    expect(await order('WO-twice')).toMatchObject({ version: 2 });
  });

  it('that is sent five times at once is done once, and all are told the same.', async () => {
    await mes.post('director', '/operations-requests', anOrder('WO-five'));
    const body = aCommand('abort', 1);
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => mes.post('director', commandOn('WO-five'), body, 'five')),
    );
    for (const answer of answers)
      expect(answer).toEqual({ status: 200, body: { id: 'WO-five', state: 'aborted', version: 2 } });
  });

  it('needs a known token, a role that may, a known order, a key, and a body in order.', async () => {
    await mes.post('director', '/operations-requests', anOrder('WO-role'));
    const dispatch = aCommand('dispatch', 1, { unit: 'T-role' });
    const path = commandOn('WO-role');
    expect(await mes.post('nobody' as 'operator', path, dispatch, 'k')).toMatchObject({ status: 401 });
    expect(await mes.post('operator', path, dispatch, 'k')).toMatchObject({ status: 403 });
    expect(await mes.post('maintainer', '/operations-requests', anOrder('WO-x'))).toMatchObject({
      status: 403,
    });
    expect(await mes.post('director', commandOn('WO-none'), dispatch, 'k')).toMatchObject({ status: 404 });
    expect(await mes.post('director', path, dispatch)).toMatchObject({
      status: 400,
      body: { error: { code: 'key' } },
    });
    expect(await mes.post('director', path, { command: 'fly' }, 'k')).toMatchObject({ status: 400 });
    expect(await mes.post('director', path, aCommand('dispatch', 1), 'k')).toMatchObject({
      status: 400,
      body: { error: { code: 'no-unit' } },
    });
    expect(await mes.get('/nothing')).toMatchObject({ status: 404 });
    expect(await order('WO-role')).toMatchObject({ state: 'created', version: 1 });
  });
});
