import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectPostgres } from '../../kit/postgres.ts';
import { TwoSystems } from '../repairs/testing/two-systems.ts';
import { repairDrift } from './repair-drift.ts';
import { repairRevert } from './repair-revert.ts';

const stack = new AsyncDisposableStack();
let systems: TwoSystems;

const connect = (url: string) =>
  connectPostgres({ url, applicationName: 'plant', statementTimeoutMs: 30_000, lockTimeoutMs: 30_000 });
const write = { dry_run: false, reason: 'the scanners lost the Wi-Fi' };

beforeAll(async () => {
  systems = stack.use(await TwoSystems.start(connect));
}, 60_000);
afterAll(() => stack.disposeAsync());
beforeEach(() => systems.reset());

const undoing = {
  run: { id: 7, runbook: 'test', actor: 'leader', alert: null, labels: {}, position: 1, phase: 'undo' },
} as const;

describe('repair.revert', () => {
  const undo = (wish: object = {}) =>
    systems.run(repairRevert, wish, systems.world({ ...undoing, operation: 'andon-7-1-undo' }));

  test('puts back what its own step has changed, the balance too, and twice does no more than once.', async () => {
    await systems.drift();
    const [drifted, changed] = [await systems.held(), await systems.run(repairDrift, write)];
    expect(changed.touched).toBe(3);
    expect(await undo()).toMatchObject({ outcome: 'succeeded', touched: 3 });
    expect(await systems.held()).toEqual(drifted);
    expect(await systems.stock()).toEqual({ 'L-0': '10', 'L-1': '71' });
    expect(await systems.changes()).toMatchObject(
      Array.from({ length: 3 }, () => ({ reverted_by: 'leader', reverted_at: expect.any(Date) })),
    );
    expect(await undo()).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect(await systems.held()).toEqual(drifted);
  });

  test('leaves a row that somebody has changed since, and names it.', async () => {
    await systems.drift();
    await systems.run(repairDrift, write);
    await systems.wms.query(`UPDATE "stock moves" SET remark = 'counted by hand' WHERE op_id = 'op-2'`);
    const result = await undo({ operation: 'andon-7-1-do' });
    expect(result).toMatchObject({
      outcome: 'failed',
      touched: 2,
      details: { left: [{ statement: 'insert' }] },
    });
    expect(result.summary).toContain('the row was changed after the repair');
    expect(await undo()).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(await systems.held()).toHaveLength(5);
  });

  test('changes nothing where nothing was repaired, or by another operation, or long ago.', async () => {
    expect(await undo()).toMatchObject({ outcome: 'succeeded', touched: 0 });
    await systems.drift();
    await systems.run(repairDrift, write);
    const after = await systems.held();
    expect(await undo({ operation: 'andon-8-1-do' })).toMatchObject({ outcome: 'succeeded', touched: 0 });
    await systems.wms.query("UPDATE andon_repairs SET at = at - interval '2 days'");
    expect(await undo()).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect(await systems.held()).toEqual(after);
  });
});
