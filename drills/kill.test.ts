import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../lab/testing/postgres.ts';
import { markedProcesses } from './marked-processes.ts';
import { LinkClient } from './proxy/link-client.ts';
import { runName } from './run-name.ts';
import { type KillCase, KillRange, killRounds } from './testing/kill-range.ts';
import { startLinksProcess } from './testing/links-process.ts';
import { startPeerServer } from './testing/tcp-peer.ts';

const stack = new AsyncDisposableStack();
let range: KillRange;
let postgres: TestPostgres;
let database: pg.Client;

beforeAll(async () => {
  postgres = stack.use(await startTestPostgres());
  database = await postgres.session('test');
  stack.defer(() => database.end());
  const upstream = stack.use(await startPeerServer());
  const { control } = stack.use(await startLinksProcess({ db: upstream.port, queue: upstream.port }));
  const link = (name: string) => ({ kind: 'link', control, link: name });
  range = stack.use(
    new KillRange({
      'mes-db': { kind: 'postgres', url: postgres.url() },
      'mes-db-link': link('db'),
      'mes-queue-link': link('queue'),
      mes: { kind: 'mes', url: 'http://127.0.0.1:1', database: 'mes-db' },
    }),
  );
});
afterAll(() => stack.disposeAsync());

const lockOf = (relation: string): KillCase => ({
  doom: { kind: 'db.lock', target: 'mes-db', with: { relation } },
  present: async (run) => (await sessionsOf(run)) > 0,
  broken: lockedBy,
});

const cutOf = (name: string): KillCase => ({
  doom: { kind: 'network.cut', target: name, with: { mode: 'drop' } },
  present: async (run) => {
    const target = range.targets[name];
    if (target?.kind !== 'link') throw new Error(`no link ${name}`);
    return (await new LinkClient(target, fetch).residue(runName(run))).length > 0;
  },
});

const crowd: KillCase = {
  doom: { kind: 'load', target: 'mes', with: { users: 5 } },
  present: async (run) => markedProcesses(runName(run)).length > 0,
};

async function sessionsOf(run: string): Promise<number> {
  const text = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1';
  return (await database.query(text, [runName(run)])).rowCount ?? 0;
}

async function lockedBy(run: string): Promise<boolean> {
  const text = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE application_name = $1 AND locktype = 'relation' AND mode = 'AccessExclusiveLock'`;
  return (await database.query(text, [runName(run)])).rowCount !== 0;
}

describe('A runner that is killed by SIGKILL', () => {
  // One after the other for each fault (a link has one holder), the faults beside each other.
  test.concurrent.each([lockOf('pg_catalog.pg_description'), cutOf('mes-db-link'), crowd])(
    'leaves no $doom.kind within 5 s, whenever it dies, and the journal says who undid it',
    (kind) => range.killAll(kind, Math.max(5, killRounds)),
    killRounds * 60_000,
  );
});

describe.concurrent('A runner that is stopped otherwise', () => {
  test('while it waits for its lock leaves no session behind', async () => {
    await database.query('CREATE TABLE held (id int)');
    const holder = await postgres.session('holder');
    stack.defer(() => holder.end());
    await holder.query('BEGIN; LOCK TABLE held');
    const kind = lockOf('held');
    const runner = range.startRunner(kind);
    await runner.reached('injecting');
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    await waitFor(async () => (await database.query(waiting, [runName(runner.run)])).rowCount === 1, {
      what: 'the runner that waits',
      timeoutMs: 40_000,
      everyMs: 10,
    });
    const seenMs = await range.endOtherwise(kind, runner, () => runner.child.kill('SIGKILL'));
    await holder.query('ROLLBACK');
    expect(seenMs).toBeLessThan(5000);
  });

  test('by Ctrl-C in its terminal has a watchdog that survives and undoes', async () => {
    const runner = range.startRunner(crowd);
    await runner.reached('injected');
    const seenMs = await range.endOtherwise(crowd, runner, () => {
      process.kill(-(runner.child.pid ?? 0), 'SIGINT');
    });
    expect(seenMs).toBeLessThan(5000);
    expect(range.undoLog.pending(runner.run)).toEqual([]);
  });

  test.each([lockOf('pg_catalog.pg_shdescription'), cutOf('mes-queue-link')])(
    'as if frozen, its watchdog dead: the server ends $doom.kind by its lease, and the clean-up closes the log',
    (kind) => range.killWatchdogToo(kind, 'SIGSTOP'),
  );
});
