import { afterEach, beforeEach, expect, test } from 'vitest';
import { carriesToken } from '../../kit/bearer.ts';
import { systemClock } from '../../kit/clock.ts';
import { UnavailableError } from '../../kit/errors.ts';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import { silentLog } from '../../kit/log.ts';
import { readNdjson } from '../../kit/ndjson.ts';
import type { RunbookEngine } from '../engine/engine.ts';
import { EngineWorld } from '../testing/engine-world.ts';
import { runbookApp } from './app.ts';

const token = 'a-token-of-some-length';
let world: EngineWorld;
let engine: RunbookEngine;
let server: ListeningServer;
let trouble: Error | undefined;

beforeEach(async () => {
  world = new EngineWorld();
  engine = world.engine();
  trouble = undefined;
  const deliver: RunbookEngine['deliver'] = async (notices, admit) => {
    if (trouble) throw trouble;
    return engine.deliver(notices, admit);
  };
  const deliverEvent: RunbookEngine['deliverEvent'] = (...event) => engine.deliverEvent(...event);
  const { store, audit } = world;
  const app = runbookApp({
    ...{
      engine: { deliver, deliverEvent, ring: () => engine.ring() },
      store,
      audit,
      runbooks: world.runbooks,
      snapshots: {},
      config: { token, people: [] },
    },
    ...{ timezone: 'UTC', redact: (text: string) => text, clock: systemClock, log: silentLog },
  });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  world[Symbol.dispose]();
});

const call = (method: string, path: string, body?: unknown, authorization = `Bearer ${token}`) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: { authorization },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

const alert = (changes: Record<string, unknown> = {}) => ({
  status: 'firing',
  labels: { alertname: 'MesDatabaseBlocked', tier: 'A' },
  annotations: { summary: 'blocked' },
  startsAt: '2026-01-31T08:00:00.123456789Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus',
  fingerprint: 'f1',
  ...changes,
});
const group = (...alerts: unknown[]) => ({
  version: '4',
  groupKey: '{}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'runbooks',
  notification_reason: 'a field of a newer release',
  alerts,
});

test('A notification is answered with 202, and by then it is stored.', async () => {
  const response = await call('POST', '/alertmanager', group(alert()));
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ stored: 1, runs: ['1'] });
  expect(world.runs).toMatchObject([{ fingerprint: 'f1', startsAt: '2026-01-31T08:00:00.123Z' }]);
});

test('The same notification again, in another zone or group, adds no run.', async () => {
  await call('POST', '/alertmanager', group(alert(), alert()));
  await call('POST', '/alertmanager', group(alert({ startsAt: '2026-01-31T09:00:00.123456789+01:00' })));
  const again = await call('POST', '/alertmanager', group(alert({ status: 'resolved' }), alert()));
  expect(await again.json()).toEqual({ stored: 2, runs: [] });
  expect(world.runs).toHaveLength(1);
});

test.for([
  ['no header at all', ''],
  ['another scheme', `Basic ${token}`],
  ['a wrong token', 'Bearer a-token-of-some-lengtH'],
  ['a longer token', `Bearer ${token}x`],
  ['an empty token', 'Bearer '],
])(
  'With %s every address but the health check answers 401 and nothing is done.',
  async ([, authorization]) => {
    for (const [method, path, body] of [
      ['POST', '/alertmanager', group(alert())],
      ['GET', '/runs', undefined],
      ['PUT', '/hold', { holder: 'x', leaseMs: 1000 }],
      ['DELETE', '/hold', undefined],
    ] as const) {
      const response = await call(method, path, body, authorization);
      expect(response.status).toBe(401);
    }
    expect(world.runs).toEqual([]);
    expect(world.store.holds.current(systemClock.now())).toBeUndefined();
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200);
  },
);

test('An empty token is never right, whatever the token is.', () => {
  expect(carriesToken('Bearer ', '')).toBe(false);
  expect(carriesToken(undefined, '')).toBe(false);
  expect(carriesToken('bearer abc', 'abc')).toBe(true);
});

test.for([
  ['no JSON', '{"version":'],
  ['another version', { ...group(), version: '3' }],
  ['no list of alerts', { version: '4' }],
  ['an alert without fingerprint', group(alert({ fingerprint: undefined }))],
  ['a time that is none', group(alert({ startsAt: 'yesterday' }))],
  ['a label that is no text', group(alert({ labels: { alertname: 1 } }))],
  ['a list', []],
  ['nothing', ''],
])('A body with %s is answered with 400 and leaves nothing behind.', async ([, body]) => {
  expect((await call('POST', '/alertmanager', body)).status).toBe(400);
  expect(world.runs).toEqual([]);
});

test('A body of more than 1 MB is answered with 413, a packed one with 415.', async () => {
  const huge = group(alert({ labels: { alertname: 'x'.repeat(1_100_000) } }));
  expect((await call('POST', '/alertmanager', huge)).status).toBe(413);
  const packed = await fetch(`${server.url}/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-encoding': 'gzip' },
    body: 'anything',
  });
  expect(packed.status).toBe(415);
  expect(world.runs).toEqual([]);
});

test('Trouble of our own is 503, so that Alertmanager sends it again, and it says nothing about us.', async () => {
  trouble = new UnavailableError('x', 'SQLITE_FULL at /var/lib/secret');
  const response = await call('POST', '/alertmanager', group(alert()));
  expect(response.status).toBe(503);
  expect(await response.text()).not.toContain('secret');
  trouble = undefined;
  expect((await call('POST', '/alertmanager', group(alert()))).status).toBe(202);
});

test('Labels come back from /runs as data, letter by letter.', async () => {
  const evil = `<img src=x onerror=alert(1)>'; DROP TABLE runs; --`;
  const label = { alertname: 'MesDatabaseBlocked', tier: 'A', evil };
  await call('POST', '/alertmanager', group(alert({ labels: label, fingerprint: evil })));
  const response = await call('GET', '/runs');
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject([{ fingerprint: evil }]);
});

test('/runs shows what was received since a time, and refuses a time that is none.', async () => {
  await call('POST', '/alertmanager', group(alert()));
  const later = new Date(systemClock.now() + 60_000).toISOString();
  expect(await (await call('GET', '/runs?since=2026-01-01T00:00:00Z')).json()).toHaveLength(1);
  expect(await (await call('GET', `/runs?since=${later}`)).json()).toEqual([]);
  expect((await call('GET', '/runs?since=soon')).status).toBe(400);
});

test('The kill switch is taken, renewed, given back and audited; runs that come meanwhile are held.', async () => {
  const taken = await call('PUT', '/hold', { holder: 'drill 7', leaseMs: 60_000 });
  expect(await taken.json()).toMatchObject({ holder: 'drill 7' });
  expect((await call('PUT', '/hold', { holder: 'drill 7', leaseMs: 60_000 })).status).toBe(200);
  await call('POST', '/alertmanager', group(alert()));
  expect(await (await call('GET', '/runs')).json()).toMatchObject([{ outcome: 'held', startedAt: null }]);
  expect((await call('DELETE', '/hold?holder=somebody')).status).toBe(204);
  expect(world.store.holds.current(systemClock.now())).toMatchObject({ holder: 'drill 7' });
  expect((await call('DELETE', '/hold?holder=drill+7')).status).toBe(204);
  expect(world.store.holds.current(systemClock.now())).toBeUndefined();
  const events = readNdjson(world.audit.file) as { event: string }[];
  expect(events.map(({ event }) => event)).toEqual(['hold.taken', 'run.stored', 'hold.released']);
});

test.for([
  {},
  { holder: '', leaseMs: 5 },
  { holder: 'x' },
  { holder: 'x', leaseMs: 1e12 },
  { holder: 'x', leaseMs: 0 },
])('A hold like %j is refused.', async (body) => {
  expect((await call('PUT', '/hold', body)).status).toBe(400);
});
