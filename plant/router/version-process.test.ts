import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { callMes } from '../mes-client.ts';
import { routerSettingsSchema } from '../settings.ts';
import { query } from '../testing/query.ts';
import { anOrder, noQueue, startTestMes, type TestMes, testTokens } from '../testing/test-mes.ts';
import type { StartVersion, VersionProcess } from './candidate.ts';
import { versionStarter } from './version-process.ts';

const opened = new AsyncDisposableStack();
let folder: string;
let url: string;
let stable: TestMes;
let start: StartVersion;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-versions-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = opened.use(await startTestPostgres());
  url = await postgres.database('mes');
  stable = opened.use(await startTestMes({ database: url }));
  const mes_settings = path.join(folder, 'mes.json');
  writeFileSync(
    mes_settings,
    JSON.stringify({ database: url, queue: noQueue, tokens: testTokens, lines: [] }),
  );
  const files = { mes_settings, folder, log_folder: folder };
  start = versionStarter(
    routerSettingsSchema.parse({ ...files, control_token: 't', stable: { url: stable.url } }),
  );
});
afterAll(() => opened.disposeAsync());

const never = new AbortController().signal;
const order = ({ url }: VersionProcess, id: string) =>
  callMes(
    { url, token: 'director' },
    { method: 'POST', path: '/operations-requests', body: anOrder(id), timeoutMs: 20_000 },
  );
const orders = async () =>
  (await query<{ id: string }>(url, 'SELECT id FROM work_orders ORDER BY id')).map(({ id }) => id);
const stats = async ({ url }: VersionProcess) => {
  const call = { method: 'GET', path: '/-/stats', timeoutMs: 20_000 } as const;
  return (await callMes({ url, token: 't' }, call)).body as {
    operations: { request: { total: number; failed: number } };
  };
};

it('A version works beside the stable one on the same database, and ends.', async () => {
  const good = await start({ version: '2.0', fails: 0 }, never);
  expect((await order(good, 'WO-good')).status).toBe(201);
  expect((await stable.get('/job-orders')).body).toMatchObject([{ id: 'WO-good' }]);
  await good[Symbol.asyncDispose]();
  await good.exited;
  expect(readdirSync(folder).toSorted(), 'its settings hold secrets and are gone').toEqual([
    'candidate-2.0.log',
    'mes.json',
  ]);
});

it('A bad version answers 500, stores nothing of it, and counts it as failed.', async () => {
  await using bad = await start({ version: 'bad', fails: 1 }, never);
  const before = await orders();
  expect(await order(bad, 'WO-lost')).toMatchObject({ status: 500, body: { error: { code: 'defect' } } });
  expect(await orders()).toEqual(before);
  expect((await stats(bad)).operations.request).toMatchObject({ total: 1, failed: 1 });
});

it('A version that fails half of what it is asked serves the other half.', async () => {
  await using half = await start({ version: 'half', fails: 0.5 }, never);
  const answers: number[] = [];
  // 2⁻⁶⁰ that all go the same way.
  for (let n = 0; n < 60; n++) answers.push((await order(half, `WO-half-${n}`)).status);
  expect(new Set(answers)).toEqual(new Set([201, 500]));
  const stored = (await orders()).filter((id) => id.startsWith('WO-half-'));
  expect(stored).toHaveLength(answers.filter((status) => status === 201).length);
});

it('A version that cannot start, or is withdrawn before it serves, leaves no process and no file.', async () => {
  const stop = AbortSignal.abort(new Error('withdrawn'));
  await expect(start({ version: 'early', fails: 0 }, stop)).rejects.toThrow('withdrawn');
  await expect(start({ version: 'wrong', fails: 7 }, never)).rejects.toThrow('it ended before it was ready');
  expect(readdirSync(folder).filter((file) => file.endsWith('.json'))).toEqual(['mes.json']);
});
