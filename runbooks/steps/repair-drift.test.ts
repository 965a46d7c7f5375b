import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';
import { TwoSystems } from '../repairs/testing/two-systems.ts';
import { repairDrift } from './repair-drift.ts';

const stack = new AsyncDisposableStack();
let systems: TwoSystems;
let right: unknown[];

const connect = (url: string) =>
  connectPostgres({ url, applicationName: 'plant', statementTimeoutMs: 30_000, lockTimeoutMs: 30_000 });
const write = { dry_run: false, reason: 'the scanners lost the Wi-Fi' };
const waitingForMoves = `SELECT FROM pg_locks WHERE NOT granted AND relation = '"stock moves"'::regclass`;
const repaired = (op: string) => expect.objectContaining({ op_id: op, remark: '异常恢复数据' });

beforeAll(async () => {
  systems = stack.use(await TwoSystems.start(connect));
}, 60_000);
afterAll(() => stack.disposeAsync());
beforeEach(async () => {
  await systems.reset();
  right = await systems.held();
});

describe('repair.drift', () => {
  test('shows what differs, with key, field, before and after, and changes nothing unless it is told to.', async () => {
    await systems.drift();
    const before = await systems.held();
    const result = await systems.run(repairDrift, {});
    expect(result).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect(result.details).toMatchObject({
      repairs: [
        {
          repair: 'stock-moves',
          differing: 3,
          changed: 0,
          differences: [
            { keys: { op_id: 'op-2' }, field: 'quantity', before: null, after: '2' },
            { keys: { op_id: 'op-3', lot: 'L-1' }, before: '70', after: '3' },
            { keys: { op_id: 'op-5' }, before: null, after: '5' },
          ],
          csv: 'material,lot,op_id,wms_quantity,mes_quantity\r\nM-1,L-0,op-2,,2\r\nM-1,L-1,op-3,70,3\r\nM-1,L-1,op-5,,5\r\n',
        },
      ],
    });
    expect(await systems.held()).toEqual(before);
    await expect(systems.changes()).rejects.toThrow('andon_repairs');
  });

  test('repairs what differs to the last digit, marks it, makes the balance anew, and notes each change.', async () => {
    await systems.mes.query("UPDATE operations SET big = 9223372036854775807 WHERE op_id = 'op-2'");
    await systems.drift();
    const result = await systems.run(repairDrift, write);
    expect(result).toMatchObject({
      outcome: 'succeeded',
      touched: 3,
      details: { operation: 'andon-7-1-do' },
    });
    const held = await systems.held();
    expect(held).toEqual([
      right[0],
      { ...(right[1] as object), remark: '异常恢复数据', big: '9223372036854775807' },
      { ...(right[2] as object), remark: '异常恢复数据' },
      right[3],
      repaired('op-5'),
      right[5],
    ]);
    expect(await systems.stock()).toEqual({ 'L-0': '12', 'L-1': '9' });
    const changes = await systems.changes();
    expect(changes).toHaveLength(3);
    expect(changes[1]).toMatchObject({
      operation: 'andon-7-1-do',
      run: '7',
      runbook: 'test',
      by: 'alertmanager',
      repair: 'stock-moves',
      statement: 'update',
      before: { op_id: 'op-3', quantity: 70, remark: null },
      after: { op_id: 'op-3', quantity: 3, remark: '异常恢复数据' },
      reason: 'the scanners lost the Wi-Fi',
      tag: '异常恢复数据',
      reverted_at: null,
    });
  });

  test('carried out again it finds nothing to do: the rows and the notes are as they were.', async () => {
    await systems.drift();
    await systems.run(repairDrift, write);
    const after = [await systems.held(), await systems.changes()];
    expect(await systems.run(repairDrift, write)).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect([await systems.held(), await systems.changes()]).toEqual(after);
  });

  test('leaves a record alone that arrives between the two looks.', async () => {
    await systems.wms.query(`DELETE FROM "stock moves" WHERE op_id = 'op-4'`);
    const arriving = await systems.client();
    const lock = 'LOCK TABLE "stock moves" IN ACCESS EXCLUSIVE MODE';
    const queued = async (n: number) => (await systems.wms.query(waitingForMoves)).rowCount === n;
    // The record queues for the table behind the first look, and so arrives at that look's end.
    await systems.wms.query(`BEGIN; ${lock}`);
    const running = systems.run(repairDrift, write);
    await waitFor(() => queued(1), { what: 'the first look', timeoutMs: 20_000, everyMs: 2 });
    const arrived = arriving.query(`BEGIN; ${lock};
      INSERT INTO "stock moves" (op_id, material, lot, quantity, server_ts)
        VALUES ('op-4', 'M-1', 'L-0', 4, now() - interval '1 hour'); COMMIT`);
    await waitFor(() => queued(2), { what: 'the record', timeoutMs: 20_000, everyMs: 2 });
    await systems.wms.query('COMMIT');
    await arrived;
    expect(await running).toMatchObject({
      outcome: 'succeeded',
      touched: 0,
      summary: '0 records of wms are not as mes has them',
    });
    expect(await systems.held()).toMatchObject(
      right.map((row) => ({ op_id: (row as { op_id: string }).op_id })),
    );
    await arriving.end();
  });

  test.for([
    ['more differ than max', { max: 2 }, {}, 'at most 2 may be repaired at once'],
    [
      'the record of the other system has a column that the table does not know',
      {},
      { record: bad() },
      'rolled back',
    ],
    [
      'a row of the table is not the only one that matches',
      {},
      { match: ['material'] },
      'rows of stock moves match',
    ],
  ] as const)('changes nothing when %s.', async ([, wish, repair, why]) => {
    await systems.drift();
    const before = [await systems.held(), await systems.stock()];
    const result = await systems.run(repairDrift, { ...write, ...wish }, systems.world({}, { repair }));
    expect(result.summary).toContain(why);
    expect(result).toMatchObject({ touched: 0, outcome: expect.not.stringContaining('succeeded') });
    expect([await systems.held(), await systems.stock()]).toEqual(before);
  });

  test('refuses a record that only the written system holds, or leaves it where the repair says so.', async () => {
    await systems.drift();
    await systems.mes.query(`DELETE FROM operations WHERE op_id = 'op-6'`);
    const before = await systems.held();
    const refused = await systems.run(repairDrift, write);
    expect(refused).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(refused.summary).toContain('stand in wms and not in mes');
    expect(await systems.held()).toEqual(before);
    const world = systems.world({}, { repair: { extra: 'leave' } });
    expect(await systems.run(repairDrift, write, world)).toMatchObject({ outcome: 'succeeded', touched: 3 });
    expect(await systems.held()).toHaveLength(6);
  });

  test('a constraint that one record breaks takes all of them back.', async () => {
    await systems.drift();
    await systems.mes.query(`UPDATE operations SET quantity = -1 WHERE op_id = 'op-5'`);
    const before = await systems.held();
    const result = await systems.run(repairDrift, write);
    expect(result).toMatchObject({
      outcome: 'failed',
      touched: 0,
      summary: expect.stringContaining('check'),
    });
    expect(await systems.held()).toEqual(before);
  });

  const waiting = (n: number) => async () =>
    (
      await systems.wms.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'andon-repair' AND wait_event_type = 'Lock'`,
      )
    ).rowCount === n;

  test('counts a move in the balance that the WMS books at the same moment.', async () => {
    await systems.drift();
    const wms = await systems.client();
    await wms.query(`BEGIN; INSERT INTO "stock moves" (op_id, material, lot, quantity, server_ts)
      VALUES ('op-8', 'M-1', 'L-1', 100, now()); UPDATE stock SET quantity = quantity + 100 WHERE lot = 'L-1'`);
    const running = systems.run(repairDrift, write);
    await waitFor(waiting(1), { what: 'the repair to wait for the balance', timeoutMs: 20_000, everyMs: 5 });
    await wms.query('COMMIT');
    expect(await running).toMatchObject({ touched: 3 });
    expect(await systems.stock()).toEqual({ 'L-0': '12', 'L-1': '109' });
    await wms.end();
  });

  test('that is aborted while it waits settles at once and changes nothing, then or later.', async () => {
    await systems.drift();
    const before = await systems.held();
    const wms = await systems.client();
    await wms.query(`BEGIN; SELECT FROM "stock moves" WHERE op_id = 'op-3' FOR UPDATE`);
    const stop = new AbortController();
    const running = repairDrift.run(repairDrift.params.parse(write), systems.world(), stop.signal);
    const settled = expect(running).rejects.toThrow();
    await waitFor(waiting(1), { what: 'the repair to wait for a row', timeoutMs: 20_000, everyMs: 5 });
    stop.abort(new Error('the run is over'));
    await settled;
    await wms.query('ROLLBACK');
    const gone = async () =>
      (await systems.wms.query(`SELECT FROM pg_stat_activity WHERE application_name = 'andon-repair'`))
        .rowCount === 0;
    await waitFor(gone, { what: 'the end of its sessions', timeoutMs: 20_000, everyMs: 20 });
    expect(await systems.held()).toEqual(before);
    await wms.end();
  });

  test('needs a reason to write, and a repair that exists.', () => {
    expect(repairDrift.params.safeParse({ dry_run: false }).error?.issues).toMatchObject([
      { path: ['reason'] },
    ]);
    expect(repairDrift.params.safeParse({ dry_run: false, reason: ' ' }).success).toBe(false);
    const plan = (repair: string) => repairDrift.plan(repairDrift.params.parse({ repair }), systems.world());
    expect(() => plan('stok-moves')).toThrow(
      expect.objectContaining({ mend: 'Did you mean "stock-moves"?' }),
    );
    expect(plan('stock-moves')[0]?.undo).toBe('nothing is changed');
  });

  test('its plan says what is written, where, how many at most, and how it is taken back.', () => {
    const [effect] = repairDrift.plan(repairDrift.params.parse(write), systems.world());
    expect(effect).toMatchObject({ on: 'wms-db', undo: expect.stringContaining('repair.revert') });
    expect(effect?.does).toContain(
      'at most 100 rows of stock moves by what mes holds, each marked 异常恢复数据',
    );
  });

  test('says which system could not be compared, and changes nothing.', async () => {
    const world = systems.world({}, { comparison: { keys: ['material', 'lot', 'op'] } });
    await expect(systems.run(repairDrift, write, world)).rejects.toThrow(
      /could not be compared: .*no column "op"/,
    );
  });
});

function bad(): string {
  return `SELECT op_id, quantity, 1 AS colour FROM operations WHERE material = $1 AND lot = $2 AND op_id = $3`;
}
