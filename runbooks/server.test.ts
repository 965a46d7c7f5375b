import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shiftsSection } from '../alerts/shifts.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { targetsSchema } from '../kit/targets.ts';
import { waitFor } from '../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../lab/testing/postgres.ts';
import { verifyAudit } from './audit/audit.ts';
import { findRunbook, loadCatalog } from './catalog.ts';
import { runbooksSection } from './config.ts';
import { runRunbook } from './engine/by-hand.ts';
import { openRunbooks } from './open-runbooks.ts';
import type { Runbook } from './schema/runbook.ts';
import { startRunbookService } from './server.ts';
import type { RunRecord } from './store/run.ts';
import { tempFolder } from './testing/temp-folder.ts';

const token = 'a-token-of-some-length';
const folder = tempFolder();
let database: TestPostgres;
let watcher: pg.Client;

beforeAll(async () => {
  database = await startTestPostgres();
  watcher = await database.session('test-watcher');
  await watcher.query('CREATE TABLE work_orders (id int PRIMARY KEY)');
}, 60_000);
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const config = (name: string) =>
  runbooksSection.parse({
    listen: '127.0.0.1:0',
    token,
    store: folder.file(`${name}.sqlite`),
    audit: folder.file(`${name}.ndjson`),
  });
const targets = (protect: string[] = []) =>
  targetsSchema.parse({ 'mes-db': { kind: 'postgres', url: database.url(), protect } });

const common = {
  prometheus: 'http://127.0.0.1:1',
  shifts: shiftsSection.parse(undefined),
  fetch,
  clock: systemClock,
  log: silentLog,
};

/** The shipped runbook, for a lock that need not be five seconds old. */
function shipped() {
  const { runbook } = findRunbook(loadCatalog(), 'release-db-lock');
  const steps = runbook.steps.map((step) => ({ ...step, with: { older_than: 0 } }));
  return { ...runbook, steps } as Runbook;
}

/** As if a drill of these runbooks had just passed: they may act by themselves. */
async function prove(url: string, ...runbooks: { id: string }[]) {
  for (const { id } of runbooks)
    await fetch(`${url}/proofs`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ runbook: id, drill: 'db-lock', run: 'drill-1', passed: true }),
    });
}

async function forgottenTransaction() {
  const forgotten = await database.session('forgotten psql');
  await forgotten.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
  const mes = await database.session('mes');
  const waiting = mes.query('SELECT * FROM work_orders');
  const blocked = async () =>
    (await watcher.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rowCount === 1;
  await waitFor(blocked, { what: 'a waiter', timeoutMs: 10_000, everyMs: 20 });
  return { forgotten, waiting };
}

const body = (fingerprint: string) => ({
  version: '4',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'MesDatabaseBlocked', tier: 'A', target: 'mes-db' },
      startsAt: systemClock.now() ? new Date(systemClock.now()).toISOString() : '',
      fingerprint,
    },
  ],
});

const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const post = (url: string, fingerprint: string) =>
  fetch(`${url}/alertmanager`, { method: 'POST', headers, body: JSON.stringify(body(fingerprint)) });

async function ended(url: string): Promise<RunRecord> {
  const ask = async () => {
    const runs = (await (await fetch(`${url}/runs`, { headers })).json()) as RunRecord[];
    return runs.find(({ finishedAt }) => finishedAt !== null);
  };
  return waitFor(ask, { what: 'the end of the run', timeoutMs: 30_000 });
}

test('From the alert to a database that works again: delivered, begun within two seconds, healed, verified.', async () => {
  const options = { ...common, targets: targets(), runbooks: [shipped()] };
  await using service = await startRunbookService({ ...options, config: config('heal') });
  await prove(service.url, ...options.runbooks);
  const { forgotten, waiting } = await forgottenTransaction();
  expect((await post(service.url, 'f1')).status).toBe(202);
  await waiting;
  const run = await ended(service.url);
  expect(run).toMatchObject({
    runbook: 'release-db-lock',
    outcome: 'succeeded',
    steps: [
      { step: 'db.release-lock', details: { waiting: 1, terminated: { applicationName: 'forgotten psql' } } },
    ],
  });
  expect(Date.parse(run.startedAt ?? '') - Date.parse(run.receivedAt)).toBeLessThanOrEqual(2000);
  await expect(forgotten.query('SELECT 1')).rejects.toThrow();
  expect(verifyAudit(config('heal').audit)).toMatchObject({ ok: true, entries: 6 });
});

test('A protected session is left alone, and the run says that it was refused and why.', async () => {
  const options = { ...common, runbooks: [shipped()] };
  await using service = await startRunbookService({
    ...options,
    targets: targets(['forgotten*']),
    config: config('protected'),
  });
  await prove(service.url, ...options.runbooks);
  const { forgotten, waiting } = await forgottenTransaction();
  await post(service.url, 'f1');
  expect(await ended(service.url)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('protected by "forgotten*"'),
  });
  await forgotten.query('COMMIT');
  await waiting;
});

test('A heal that does not show in the database is a failed run.', async () => {
  const unhealed = {
    ...shipped(),
    verify: [{ name: 'pigs fly', no_rows: 'SELECT 1', within: 200 }],
  };
  const options = { ...common, targets: targets(), runbooks: [unhealed] };
  await using service = await startRunbookService({ ...options, config: config('unhealed') });
  await prove(service.url, ...options.runbooks);
  const { waiting } = await forgottenTransaction();
  await post(service.url, 'f1');
  await waiting;
  expect(await ended(service.url)).toMatchObject({
    outcome: 'failed',
    reason: expect.stringMatching(/pigs fly .*1 rows/),
    steps: [{ outcome: 'succeeded' }],
  });
});

test.for([
  `INSERT INTO work_orders VALUES (1)`,
  `COMMIT; SET transaction_read_only = off; INSERT INTO work_orders VALUES (1)`,
])('A check cannot write: %s', async (no_rows) => {
  const writing = { ...shipped(), verify: [{ name: 'sly', no_rows, within: 100 }] };
  const options = { ...common, targets: targets(), runbooks: [writing] };
  const name = `sly-${no_rows.length}`;
  await using service = await startRunbookService({ ...options, config: config(name) });
  await prove(service.url, ...options.runbooks);
  const { waiting } = await forgottenTransaction();
  await post(service.url, 'f1');
  await waiting;
  expect(await ended(service.url)).toMatchObject({ outcome: 'failed' });
  expect((await watcher.query('SELECT * FROM work_orders')).rowCount).toBe(0);
});

test('By hand it is the same engine: nothing blocked is a failed run that touched nothing; held is held.', async () => {
  const runbook = findRunbook(loadCatalog(), 'release-db-lock').runbook;
  const { signal } = new AbortController();
  const options = { ...common, targets: targets(), config: config('by-hand') };
  const byHand = async () => {
    using open = openRunbooks(options);
    return await runRunbook(runbook, { actor: 'a person' }, open, signal);
  };
  expect(await byHand()).toMatchObject({
    actor: 'a person',
    alert: null,
    outcome: 'failed',
    reason: 'nobody waits for a lock in mes-db',
  });
  await using service = await startRunbookService(options);
  await fetch(`${service.url}/hold`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ holder: 'a drill', leaseMs: 60_000 }),
  });
  expect(await byHand()).toMatchObject({ outcome: 'held', reason: 'held by a drill' });
  expect(service.runs().map(({ outcome }) => outcome)).toEqual(['failed', 'held']);
});
