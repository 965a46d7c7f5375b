import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { waitFor } from '../../kit/wait.ts';
import { rebirthCommand } from '../sparkplug/payload.ts';
import { encodePayload } from '../sparkplug/testing/encode-payload.ts';
import { startTestBroker, type TestBroker } from '../sparkplug/testing/mqtt-broker.ts';
import { type SourceOptions, sparkplugCollector, until } from '../sparkplug/testing/sparkplug-collector.ts';
import { TestEdgeNode } from '../sparkplug/testing/test-edge-node.ts';
import { collectOnce, type FoundMetrics } from '../testing/collect.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-sparkplug-'));
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const collectorOf = (options: SourceOptions) =>
  sparkplugCollector(folder, { broker: broker.url, ...options });

const heartbeat = (line: string, device: string) =>
  `mes_device_last_heartbeat_timestamp_seconds{target="plant",line="${line}",device="${device}"}`;
const state = (line: string, device: string, name: string) =>
  `mes_device_state{target="plant",line="${line}",device="${device}",state="${name}"}`;
const deaths = (line: string, device: string) =>
  `mes_device_deaths_total{target="plant",line="${line}",device="${device}"}`;
const gaps = (line: string, node: string) =>
  `mes_device_sequence_gaps_total{target="plant",line="${line}",device="${node}"}`;

/** How often the broker has passed on the request for a rebirth. */
const rebirths = (group: string, node: string) =>
  broker.published.filter(({ topic }) => topic === `spBv1.0/${group}/NCMD/${node}`);

describe('devices that speak Sparkplug B', () => {
  it('are heard from their births, have a state, and promtool finds nothing wrong', async () => {
    using collectors = collectorOf({ groups: ['birth'], state: { metric: 'State' } });
    expect((await collectOnce(collectors.get())).failure).toBeUndefined();
    const before = Date.now() / 1000;
    await using node = await TestEdgeNode.connect(broker.url, 'birth', 'GW');
    await node.birth();
    await node.send('DBIRTH', 'PLC', [{ name: 'State', alias: 1, string: 'Executing' }]);
    const { found, text } = await until(collectors, 'the birth', (m) =>
      m.found.has(heartbeat('birth', 'GW/PLC')),
    );
    expect(found.get(heartbeat('birth', 'GW/PLC'))).toBeGreaterThanOrEqual(before - 1);
    expect(found.get(state('birth', 'GW/PLC', 'executing'))).toBe(1);
    expect(found.get(deaths('birth', 'GW/PLC'))).toBe(0);
    expect(found.get(gaps('birth', 'GW'))).toBe(0);
    expect(found.has(gaps('birth', 'GW/PLC'))).toBe(false);
    expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
  });

  it('stay where they were when the will of a lost connection comes, and other groups are not read', async () => {
    using collectors = collectorOf({ groups: ['will'] });
    await collectOnce(collectors.get());
    await using other = await TestEdgeNode.connect(broker.url, 'other', 'GW');
    await other.birth();
    await using node = await TestEdgeNode.connect(broker.url, 'will', 'GW', 9);
    await node.birth();
    await node.send('DBIRTH', 'PLC');
    await until(collectors, 'the birth', (m) => m.found.has(heartbeat('will', 'GW/PLC')));
    await node.die();
    const dead = (m: FoundMetrics) => m.found.get(state('will', 'GW/PLC', 'not_available')) === 1;
    const { found } = await until(collectors, 'the death', dead);
    expect(found.get(deaths('will', 'GW'))).toBe(1);
    expect(found.has(heartbeat('other', 'GW'))).toBe(false);
    // Vouched for no more: a later scrape says the same, while the broker is heard all the time.
    await using witness = await TestEdgeNode.connect(broker.url, 'will', 'GW2');
    await witness.birth();
    const later = await until(collectors, 'the witness', (m) => m.found.has(heartbeat('will', 'GW2')));
    for (const name of ['GW', 'GW/PLC'])
      expect(later.found.get(heartbeat('will', name))).toBe(found.get(heartbeat('will', name)));
  });

  it('keep a will with the number of another birth from killing them', async () => {
    using collectors = collectorOf({ groups: ['wrong'] });
    await collectOnce(collectors.get());
    await using node = await TestEdgeNode.connect(broker.url, 'wrong', 'GW', 2);
    await node.birth();
    await node.publish('NDEATH', undefined, encodePayload({ metrics: [{ name: 'bdSeq', long: 1 }] }));
    await node.send('DBIRTH', 'PLC');
    const { found } = await until(collectors, 'the birth', (m) => m.found.has(heartbeat('wrong', 'GW/PLC')));
    expect(found.get(deaths('wrong', 'GW'))).toBe(0);
    expect(found.has(state('wrong', 'GW', 'not_available'))).toBe(false);
  });

  it('count a gap after the reorder timeout and are asked for a rebirth with the very command', async () => {
    using collectors = collectorOf({ groups: ['gap'], reorder_timeout: '1ms' });
    await collectOnce(collectors.get());
    await using node = await TestEdgeNode.connect(broker.url, 'gap', 'GW');
    await node.birth();
    await node.send('NDATA', undefined, undefined, 5);
    const counted = (m: FoundMetrics) => m.found.get(gaps('gap', 'GW')) === 1;
    await until(collectors, 'the gap', counted);
    await waitFor(() => rebirths('gap', 'GW').length === 1, { what: 'the request', timeoutMs: 30_000 });
    const [request] = rebirths('gap', 'GW');
    expect(request?.payload.length).toBe(rebirthCommand(Date.now()).length);
    expect(request?.payload.includes('Node Control/Rebirth')).toBe(true);
  });

  it('do no harm with garbage: it is counted, and the rest is read', async () => {
    using collectors = collectorOf({ groups: ['garbage'] });
    await collectOnce(collectors.get());
    await using node = await TestEdgeNode.connect(broker.url, 'garbage', 'GW');
    for (const payload of ['', 'garbage', '{"json": true}'])
      await node.publish('NDATA', undefined, Buffer.from(payload));
    await node.publish('NBIRTH', undefined, encodePayload({ seq: 0 }), true);
    await node.birth();
    // Last of all: the edge node itself is heard from the first message on, for an empty one is no garbage.
    await node.send('DBIRTH', 'PLC');
    const { found, failure } = await until(collectors, 'birth', (m) =>
      m.found.has(heartbeat('garbage', 'GW/PLC')),
    );
    expect(failure).toBeUndefined();
    const refused = 'mes_device_messages_refused_total{target="plant",source="plant",reason="malformed"}';
    expect(found.get(refused)).toBe(2);
  });
});

describe('what holds a heartbeat', () => {
  it('is the session by default and the messages where andon.yaml says so', async () => {
    using bySession = collectorOf({ groups: ['held'] });
    using byMessages = collectorOf({ groups: ['held'], heartbeat: 'messages' });
    await Promise.all([collectOnce(bySession.get()), collectOnce(byMessages.get())]);
    await using node = await TestEdgeNode.connect(broker.url, 'held', 'GW');
    await node.birth();
    await node.send('DBIRTH', 'PLC');
    const value = ({ found }: FoundMetrics) => found.get(heartbeat('held', 'GW/PLC')) ?? 0;
    const first = value(await until(byMessages, 'the birth', (m) => value(m) > 0));
    await until(bySession, 'a birth that is vouched for', (m) => value(m) > 0);
    // Another device speaks: the broker is heard, PLC is not.
    await node.send('DBIRTH', 'ROBOT');
    await until(bySession, 'a newer heartbeat', (m) => value(m) > first + 0.001);
    const { found } = await until(byMessages, 'ROBOT', (m) => m.found.has(heartbeat('held', 'GW/ROBOT')));
    expect(found.get(heartbeat('held', 'GW/PLC'))).toBe(first);
  });
});

describe('a restart of the exporter', () => {
  it('keeps the dead dead, and asks the living for a rebirth', async () => {
    const stateFile = path.join(folder, 'restart.sqlite');
    await using dying = await TestEdgeNode.connect(broker.url, 'restart', 'DYING', 3);
    await using living = await TestEdgeNode.connect(broker.url, 'restart', 'LIVING');
    let before: FoundMetrics;
    {
      using collectors = collectorOf({ groups: ['restart'], stateFile });
      await collectOnce(collectors.get());
      for (const node of [dying, living]) {
        await node.birth();
        await node.send('DBIRTH', 'PLC');
      }
      await until(collectors, 'births', (m) =>
        ['DYING/PLC', 'LIVING/PLC'].every((name) => m.found.has(heartbeat('restart', name))),
      );
      await dying.die();
      const dead = (m: FoundMetrics) => m.found.get(state('restart', 'DYING/PLC', 'not_available')) === 1;
      before = await until(collectors, 'the death', dead);
    }
    using collectors = collectorOf({ groups: ['restart'], stateFile });
    const after = await collectOnce(collectors.get());
    expect(after.found.get(heartbeat('restart', 'DYING/PLC'))).toBe(
      before.found.get(heartbeat('restart', 'DYING/PLC')),
    );
    expect(after.found.get(state('restart', 'DYING/PLC', 'not_available'))).toBe(1);
    expect(after.found.has(state('restart', 'LIVING/PLC', 'not_available'))).toBe(false);
    await waitFor(() => rebirths('restart', 'LIVING').length === 1, { what: 'request', timeoutMs: 30_000 });
  });
});
