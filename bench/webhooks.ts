import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openSqlite } from '../kit/sqlite.ts';
import { percentile } from '../loadtests/summary.ts';
import { verifyAudit } from '../runbooks/audit/audit.ts';
import { perInstance, stormOf } from '../runbooks/testing/deliveries.ts';
import type { StormResult } from '../runbooks/testing/storm-sender.ts';
import { startStormService, stormRunbooks } from '../runbooks/testing/storm-service.ts';
import type { Measurement } from './table.ts';
import { measureTogether } from './webhooks/together.ts';

const perSecond = 1000;
const seconds = 20;
/** A program that has just started is slow, and after the restart the backlog comes at once: that is told apart from the rate. */
const settleMs = 3000;

/** 1,000 deliveries a second, with the service killed in the middle: how fast it answers, and whether each alert has its one run. */
export async function measureWebhooks(): Promise<Measurement[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-webhooks-'));
  try {
    const found = await storm(folder);
    return [...timesOf(found), ...countsOf(folder), ...(await measureTogether())];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Storm extends StormResult {
  killedAt: number;
  backAt: number;
  endedAt: number;
}

async function storm(folder: string): Promise<Storm> {
  await using stack = new AsyncDisposableStack();
  let service = stack.use(await startStormService(folder));
  const { url, port } = service;
  const main = fileURLToPath(new URL('./webhooks/sender-main.ts', import.meta.url));
  const instances = (perSecond * seconds) / perInstance;
  const sender = spawn(process.execPath, [main, url, String(perSecond), String(instances)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stack.defer(() => void sender.kill());
  let [killedAt, backAt] = [0, 0];
  for await (const line of createInterface({ input: sender.stdout })) {
    if (!line.startsWith('sent ')) {
      await service.stop();
      return { ...(JSON.parse(line) as StormResult & { endedAt: number }), killedAt, backAt };
    }
    const [, sent = '', at = ''] = line.split(' ');
    if (killedAt > 0 || Number(sent) < (perSecond * seconds) / 2) continue;
    const from = performance.now();
    killedAt = Number(at);
    await service.kill();
    service = stack.use(await startStormService(folder, port));
    backAt = killedAt + performance.now() - from;
  }
  throw new Error('the sender ended without a result');
}

function timesOf({ answered, again, killedAt, backAt, endedAt }: Storm): Measurement[] {
  const begun = Math.min(...answered.map(({ at }) => at));
  const calm = answered.filter(
    ({ at }) => (at > begun + settleMs && at < killedAt - 500) || at > backAt + settleMs,
  );
  const sorted = (list: typeof answered) => list.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  const [times, all] = [sorted(calm), sorted(answered)];
  const what = (text: string) => `webhooks at 1,000/s: ${text}`;
  return [
    { what: what('answer, p50'), value: percentile(times, 50) ?? 0, unit: 'ms' },
    { what: what('answer, p99'), value: percentile(times, 99) ?? 0, unit: 'ms', target: 50 },
    { what: what('answer, longest'), value: times.at(-1) ?? 0, unit: 'ms' },
    { what: what('p99 with both starts and the backlog'), value: percentile(all, 99) ?? 0, unit: 'ms' },
    { what: what('from SIGKILL until it listens again'), value: backAt - killedAt, unit: 'ms' },
    { what: what('sent again, because of the kill'), value: again, unit: '' },
    { what: what('all sent after'), value: endedAt / 1000, unit: 's' },
  ];
}

function countsOf(folder: string): Measurement[] {
  const expected = new Set(stormOf((perSecond * seconds) / perInstance).flatMap(({ firing }) => firing));
  using database = disposable(folder);
  const count = (sql: string) => Number(database.prepare(sql).get()?.n);
  const runs = count('SELECT count(*) AS n FROM runs');
  const distinct = count(
    'SELECT count(*) AS n FROM (SELECT DISTINCT runbook, fingerprint, starts_at FROM runs)',
  );
  const twice = count(
    `SELECT count(*) AS n FROM (SELECT 1 FROM steps WHERE phase = 'do' GROUP BY run_id HAVING count(*) > 1)`,
  );
  const what = (text: string) => `webhooks: ${text}`;
  return [
    {
      what: what('runs missing'),
      value: expected.size * stormRunbooks.length - distinct,
      unit: '',
      target: 0,
    },
    { what: what('runs too many'), value: runs - distinct, unit: '', target: 0 },
    { what: what('runs whose step was begun twice'), value: twice, unit: '', target: 0 },
    { what: what('runs in all'), value: runs, unit: '' },
    {
      what: what('runs that have ended by then'),
      value: count('SELECT count(*) AS n FROM runs WHERE finished_at IS NOT NULL'),
      unit: '',
    },
    {
      what: what('audit log broken'),
      value: verifyAudit(path.join(folder, 'audit.ndjson')).ok ? 0 : 1,
      unit: '',
      target: 0,
    },
  ];
}

function disposable(folder: string) {
  const database = openSqlite(path.join(folder, 'runs.sqlite'));
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}
