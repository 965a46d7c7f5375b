import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import type { ListeningServer } from '../../kit/http-server.ts';
import { heartbeatPath } from '../devices/push-route.ts';
import { collectOnce, type FoundMetrics, TestCollectors } from '../testing/collect.ts';
import { startAppServer } from '../web/testing/app-server.ts';
import { ask } from '../web/testing/ask.ts';
import { devicePush } from './device-push.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-push-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const heartbeat = (device: string) =>
  `mes_device_last_heartbeat_timestamp_seconds{target="mes",line="L1",device="${device}"}`;
const state = (device: string, name: string) =>
  `mes_device_state{target="mes",line="L1",device="${device}",state="${name}"}`;
const refused = (reason: string) =>
  `mes_device_messages_refused_total{target="mes",source="push",reason="${reason}"}`;

/** An exporter that takes heartbeats. */
interface Door extends AsyncDisposable {
  readonly server: ListeningServer;
  post(body: unknown, bearer?: string): Promise<{ status: number; body: string }>;
  metrics(): Promise<FoundMetrics>;
}

interface DoorOptions {
  /** A file of the exporter's web configuration. */
  webConfig?: string;
  push?: Record<string, unknown>;
  devices?: Record<string, unknown>;
}

async function openDoor({ push = {}, devices = {}, webConfig }: DoorOptions = {}): Promise<Door> {
  files += 1;
  const state_file = path.join(folder, `${files}.sqlite`);
  const section = { state_file, push: { target: 'mes', ...push }, ...devices };
  const collectors = new TestCollectors(devicePush, { targets: {}, exporter: { devices: section } });
  const server = await startAppServer({
    collectors: collectors.all,
    ...(webConfig === undefined ? {} : { webConfig }),
  });
  return {
    server,
    post: (body, bearer) =>
      ask(`${server.url}${heartbeatPath}`, {
        method: 'POST',
        ...(bearer === undefined ? {} : { bearer }),
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    metrics: () => collectOnce(collectors.get()),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      collectors[Symbol.dispose]();
    },
  };
}

const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

describe('a heartbeat by POST', () => {
  it('is taken alone or with others, and promtool finds nothing wrong', async () => {
    await using door = await openDoor();
    const before = Date.now() / 1000;
    expect(await door.post({ line: 'L1', device: 'PLC-1' })).toMatchObject({ status: 204, body: '' });
    const minuteAgoMs = Date.now() - 60_000;
    const abroad = new Date(minuteAgoMs + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
    const two = [
      { line: 'L1', device: 'PLC-2', state: 'executing', at: abroad },
      { line: 'L1', device: 'Wärmeofen "3"' },
    ];
    expect((await door.post(two)).status).toBe(204);
    const { found, text } = await door.metrics();
    expect(found.get(heartbeat('PLC-1'))).toBeGreaterThanOrEqual(before);
    expect(found.get(heartbeat('PLC-2'))).toBe(minuteAgoMs / 1000);
    expect(found.get(state('PLC-2', 'executing'))).toBe(1);
    expect(found.has(heartbeat('Wärmeofen \\"3\\"'))).toBe(true);
    expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
  });

  it('never goes back: an older one changes neither time nor state', async () => {
    await using door = await openDoor();
    const beat = (seconds: number, name: string) =>
      door.post({ line: 'L1', device: 'PLC', state: name, at: secondsAgo(seconds) });
    await beat(10, 'executing');
    const newest = (await door.metrics()).found.get(heartbeat('PLC'));
    await beat(20, 'not_executing');
    const { found } = await door.metrics();
    expect(found.get(heartbeat('PLC'))).toBe(newest);
    expect(found.get(state('PLC', 'executing'))).toBe(1);
    await beat(5, 'not_executing');
    const after = (await door.metrics()).found;
    expect(after.get(heartbeat('PLC'))).toBeGreaterThan(newest ?? 0);
    expect([after.has(state('PLC', 'executing')), after.get(state('PLC', 'not_executing'))]).toEqual([
      false,
      1,
    ]);
  });

  it('of a clock that is ahead counts as of now', async () => {
    await using door = await openDoor();
    await door.post({ line: 'L1', device: 'PLC', at: secondsAgo(-86_400) });
    const now = Date.now() / 1000;
    expect((await door.metrics()).found.get(heartbeat('PLC'))).toBeLessThanOrEqual(now);
  });

  it('without a state leaves the state as it was', async () => {
    await using door = await openDoor();
    await door.post({ line: 'L1', device: 'PLC', state: 'out_of_service' });
    await door.post({ line: 'L1', device: 'PLC' });
    expect((await door.metrics()).found.get(state('PLC', 'out_of_service'))).toBe(1);
  });
});

describe('a request with mistakes', () => {
  it('is refused whole, and every mistake is named with its place', async () => {
    await using door = await openDoor();
    const answer = await door.post([
      { line: 'L1', device: 'GOOD' },
      { line: '', device: 'PLC', state: 'running', colour: 'red' },
      { device: 'x'.repeat(201), line: 'L\n1', at: 'yesterday' },
      'PLC',
    ]);
    expect(answer.status).toBe(400);
    const { error, problems } = JSON.parse(answer.body);
    expect(error).toBe('no heartbeat was taken');
    expect(problems.map((one: { index: number; message: string }) => `${one.index} ${one.message}`)).toEqual([
      '1 line: must not be empty',
      '1 state: Invalid option: expected one of "not_available"|"out_of_service"|"not_executing"|"executing"',
      '1 Unrecognized key: "colour"',
      '2 line: must be text without control characters',
      '2 device: must not be longer than 200 characters',
      '2 at: must be a time as in 2026-08-01T12:00:00Z',
      '3 Invalid input: expected object, received string',
    ]);
    const { found } = await door.metrics();
    expect(found.has(heartbeat('GOOD'))).toBe(false);
    expect(found.get(refused('malformed'))).toBe(1);
  });

  it('is refused when it is no JSON, empty or too large', async () => {
    await using door = await openDoor({ push: { max_batch: 2 } });
    const beat = { line: 'L1', device: 'PLC' };
    expect(await door.post('{"line":')).toMatchObject({ status: 400, body: /the body is no JSON/ });
    expect((await door.post('')).status).toBe(400);
    expect(await door.post([beat, beat, beat])).toMatchObject({ status: 413, body: /at most 2 heartbeats/ });
    expect(await door.post([beat, 'x'.repeat(1_100_000)])).toMatchObject({
      status: 413,
      body: /longer than 1mb/,
    });
    expect((await door.post([beat, beat])).status).toBe(204);
  });
});

describe('the door', () => {
  it('takes only who knows the token, where there is one', async () => {
    const token = 'a-token-of-the-devices';
    await using door = await openDoor({ push: { token } });
    const beat = { line: 'L1', device: 'PLC' };
    expect(await door.post(beat)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect((await door.post(beat, `${token}s`)).status).toBe(401);
    expect((await door.metrics()).found.has(heartbeat('PLC'))).toBe(false);
    expect((await door.post(beat, token)).status).toBe(204);
  });

  it('asks devices for their own token, and not for the password of the scrapes', async () => {
    const token = 'a-token-of-the-devices';
    const webConfig = path.join(folder, 'web.yml');
    writeFileSync(webConfig, 'bearer_tokens: [a-token-of-the-scrapes]\n');
    const beat = { line: 'L1', device: 'PLC' };
    await using own = await openDoor({ webConfig, push: { token } });
    expect((await own.post(beat, token)).status).toBe(204);
    expect((await own.post(beat, 'a-token-of-the-scrapes')).status).toBe(401);
    expect((await ask(`${own.server.url}/metrics`, { bearer: token })).status).toBe(401);
    await using shared = await openDoor({ webConfig });
    expect((await shared.post(beat, token)).status).toBe(401);
    expect((await shared.post(beat, 'a-token-of-the-scrapes')).status).toBe(204);
  });

  it('stores so many devices and no more; those it knows are heard all the same', async () => {
    await using door = await openDoor({ devices: { max_devices: 1 } });
    await door.post({ line: 'L1', device: 'PLC', at: secondsAgo(60) });
    const answer = await door.post([
      { line: 'L1', device: 'NEW' },
      { line: 'L1', device: 'PLC', at: secondsAgo(30) },
    ]);
    expect(answer).toMatchObject({ status: 507, body: /1 heartbeats were not taken/ });
    const { found } = await door.metrics();
    expect(found.has(heartbeat('NEW'))).toBe(false);
    expect(Date.now() / 1000 - (found.get(heartbeat('PLC')) ?? 0)).toBeLessThan(59);
    expect(found.get(refused('device_limit'))).toBe(1);
  });

  it('forgets who was silent for too long', async () => {
    await using door = await openDoor({ devices: { forget_after: '1h' } });
    await door.post([
      { line: 'L1', device: 'OLD', at: secondsAgo(3700) },
      { line: 'L1', device: 'SILENT', at: secondsAgo(3500) },
    ]);
    const { found } = await door.metrics();
    expect([found.has(heartbeat('OLD')), found.has(heartbeat('SILENT'))]).toEqual([false, true]);
  });
});

describe('a restart of the exporter', () => {
  const state_file = path.join(folder, 'restart.sqlite');
  const devices = { state_file };

  it('silences no device: each is as old afterwards as before, and in its state', async () => {
    const beat = { line: 'L1', device: 'DEAD', state: 'executing', at: secondsAgo(600) };
    let before: FoundMetrics;
    {
      await using door = await openDoor({ devices });
      await door.post([beat, { line: 'L1', device: 'ALIVE' }]);
      before = await door.metrics();
    }
    await using door = await openDoor({ devices });
    const { found } = await door.metrics();
    for (const series of [heartbeat('DEAD'), heartbeat('ALIVE'), state('DEAD', 'executing')])
      expect(found.get(series)).toBe(before.found.get(series));
  });

  it('with another file knows nobody: it is the file that remembers', async () => {
    await using door = await openDoor();
    expect((await door.metrics()).found.has(heartbeat('DEAD'))).toBe(false);
  });

  it('goes well without a file that can be written', async () => {
    const below = path.join(folder, 'no-folder');
    writeFileSync(below, '');
    await using door = await openDoor({ devices: { state_file: path.join(below, 'devices.sqlite') } });
    expect((await door.post({ line: 'L1', device: 'PLC' })).status).toBe(204);
    const { found, failure } = await door.metrics();
    expect([found.has(heartbeat('PLC')), failure]).toEqual([true, undefined]);
  });
});
