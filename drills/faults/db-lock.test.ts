import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import type { Host, Injection } from '../fault.ts';
import { noLeash } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { freezable } from './db/testing/database-place.ts';
import { dbLock } from './db-lock.ts';

let server: TestPostgres;
let targets: Targets;
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startTestPostgres();
  targets = targetsSchema.parse({
    'mes-db': { kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/x', admin_url: server.url() },
  });
  await query('CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."Work ""orders""" (id int)');
});
afterAll(() => server?.[Symbol.asyncDispose]());

async function query(sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
  const client = await server.session('test');
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

const planned = (run: string, wish: object = {}) => {
  const target = { name: 'mes-db', target: targets['mes-db'] ?? expect.fail() };
  const params = dbLock.params.parse({ relation: run, ...wish });
  return { plan: dbLock.plan(params, target, run, 60_000), params, target };
};

/** Locks a table that has the name of the run, so that tests beside each other have their own. */
async function locked(run: string, wish: object = {}, clock: Clock = systemClock): Promise<Injection> {
  await query(`CREATE TABLE IF NOT EXISTS ${run} (id int)`);
  const { plan, params, target } = planned(run, wish);
  const host: Host = { clock, log: silentLog, fetch, targets, leash: noLeash };
  return dbLock.inject(plan, params, target, host, never);
}

const locksOf = async (run: string): Promise<string[]> => {
  const { rows } = await query(
    `SELECT l.relation::regclass || ' ' || l.mode AS lock FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE a.application_name = $1 AND l.locktype = 'relation' AND l.granted AND l.mode = 'AccessExclusiveLock'`,
    [`andon-drill-${run}`],
  );
  return rows.map(({ lock }) => lock);
};

const within = (what: string, check: () => Promise<boolean>) => waitFor(check, { what, timeoutMs: 15_000 });

describe.concurrent('A table lock', () => {
  test('makes others wait, counts them once each, and leaves nothing behind', async () => {
    await using lock = await locked('touching');
    expect(await locksOf('touching')).toEqual(['touching AccessExclusiveLock']);
    expect(await lock.touched(), 'nobody has come yet').toBe(0);
    const waiting = [query('SELECT count(*) FROM touching'), query('INSERT INTO touching VALUES (1)')];
    await within('two sessions that wait', async () => (await lock.touched()) === 2);
    expect(await lock.touched()).toBe(2);
    await lock[Symbol.asyncDispose]();
    await Promise.all(waiting);
    expect(await lock.touched(), 'it is remembered').toBe(2);
    expect(await lock.residue()).toEqual([]);
    await lock[Symbol.asyncDispose]();
    expect(await Promise.race([lock.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('touches nobody whose work does not conflict', async () => {
    await using lock = await locked('harmless', { mode: 'ACCESS SHARE' });
    await query('INSERT INTO harmless VALUES (2)');
    expect(await lock.touched()).toBe(0);
  });

  test('takes any name of a table for a name', async () => {
    await using _lock = await locked('odd', { relation: 'Odd.Work "orders"' });
    expect(await locksOf('odd')).toEqual(['"Odd"."Work ""orders""" AccessExclusiveLock']);
    expect(dbLock.params.safeParse({ relation: 'a.b.c' }).success).toBe(false);
    expect(dbLock.params.safeParse({ relation: 'a', mode: 'EXCLUSIVE; DROP TABLE a' }).success).toBe(false);
  });

  test('says who has ended it: a runbook that terminates its session', async () => {
    await using lock = await locked('terminated');
    const blockers = 'SELECT pid FROM pg_locks WHERE relation = $1::regclass AND granted AND mode = $2';
    await query(`SELECT pg_terminate_backend(pid) FROM (${blockers}) AS blockers`, [
      'terminated',
      'AccessExclusiveLock',
    ]);
    expect(await lock.liftedByOthers).toBe('runbook');
    await lock[Symbol.asyncDispose]();
    expect(await lock.residue()).toEqual([]);
  });

  test('outlives its lease while there are signs of life, and is ended by the server when they stop', async () => {
    const { clock, freeze } = freezable();
    const begin = Date.now();
    await using lock = await locked('frozen', {}, clock);
    await within('more than a lease', async () => Date.now() - begin > 5000);
    expect(await locksOf('frozen')).toHaveLength(1);
    freeze();
    expect(await lock.liftedByOthers).toBe('lease');
    expect(await locksOf('frozen')).toEqual([]);
  });

  test('that is not granted in time, or of no table, fails and leaves nothing behind', async () => {
    const blocker = await server.session('holder');
    await blocker.query('CREATE TABLE refused (id int)');
    await blocker.query('BEGIN; LOCK TABLE refused');
    await expect(locked('refused')).rejects.toThrow('table refused on mes-db could not be locked: canceling');
    await blocker.end();
    await expect(locked('refused', { relation: 'no_orders' })).rejects.toThrow('"no_orders" does not exist');
    const left = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1';
    await within('no session', async () => (await query(left, ['andon-drill-refused'])).rowCount === 0);
  });

  test('is reported as residue when its session does not end, until the undo has ended it', async () => {
    const { clock, freeze } = freezable();
    freeze();
    // Stopped without a sign of life before: while it works it may hold a lock inside the server that all others need.
    await using lock = await locked('stuck', {}, clock);
    const { rows } = await query("SELECT pid FROM pg_locks WHERE relation = 'stuck'::regclass");
    const pids = rows.map(({ pid }) => Number(pid));
    using _thaw = { [Symbol.dispose]: () => signal(pids, 'SIGCONT') };
    signal(pids, 'SIGSTOP');
    await lock[Symbol.asyncDispose]();
    expect(await lock.residue()).toEqual([
      `session ${pids[0]} of andon-drill-stuck is still there on mes-db`,
    ]);
    signal(pids, 'SIGCONT');
    const { undo } = planned('stuck').plan;
    await revert(undo, { targets, fetch }, AbortSignal.timeout(10_000));
    expect(await lock.residue()).toEqual([]);
  });

  test('plans without touching: every effect in words, the undo as data, and no secret', () => {
    const target = { ...targets['mes-db'], admin_url: 'postgres://boss:secret@db.plant:6000/mes' } as const;
    const plan = dbLock.plan(
      dbLock.params.parse({ relation: 'work_orders' }),
      { name: 'mes-db', target: targetsSchema.parse({ 'mes-db': target })['mes-db'] ?? expect.fail() },
      'r1',
      60_000,
    );
    expect(plan.undo).toEqual({
      kind: 'postgres.end-sessions',
      target: 'mes-db',
      applicationName: 'andon-drill-r1',
    });
    expect(plan.effects.join('\n')).toContain('LOCK TABLE "work_orders" IN ACCESS EXCLUSIVE MODE');
    expect(plan.effects.join('\n')).toContain('db.plant:6000/mes');
    expect(JSON.stringify(plan)).not.toContain('secret');
  });
});

describe.concurrent('The undo of a table lock', () => {
  test('ends every session of its name and nobody else', async () => {
    await using lock = await locked('undone');
    const bystander = await server.session('andon-drill-undone-too');
    await revert(planned('undone').plan.undo, { targets, fetch }, AbortSignal.timeout(10_000));
    expect(await locksOf('undone')).toEqual([]);
    expect(await lock.liftedByOthers).toBe('runbook');
    expect((await bystander.query('SELECT 1')).rowCount).toBe(1);
    await bystander.end();
  });

  test('is done where the server of this computer has ended, and not where it cannot be reached', async () => {
    const undo = planned('gone').plan.undo;
    const at = (admin_url: string): Targets =>
      targetsSchema.parse({ 'mes-db': { kind: 'postgres', url: admin_url } });
    const limit = () => AbortSignal.timeout(10_000);
    await revert(undo, { targets: at('postgres://x@127.0.0.1:1/x'), fetch }, limit());
    await expect(
      revert(undo, { targets: at('postgres://x@no.such.host.invalid/x'), fetch }, limit()),
    ).rejects.toThrow();
    await expect(revert(undo, { targets: {}, fetch }, limit())).rejects.toThrow(
      'no target is called "mes-db"',
    );
  });
});

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
}
