import { describe, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import type { Fault } from '../fault.ts';
import { type OneLink, startOneLink } from '../testing/one-link.ts';
import { connectPeer, type Peer } from '../testing/tcp-peer.ts';
import { revert } from '../undo.ts';
import { networkBandwidth } from './network-bandwidth.ts';
import { networkCut } from './network-cut.ts';
import { networkFlap } from './network-flap.ts';
import { networkLatency } from './network-latency.ts';
import { networkLoss } from './network-loss.ts';

const within = <T>(what: string, check: () => Promise<T | false> | T | false) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 5 });

const echo = ({ socket }: Peer) => socket.on('data', (chunk) => socket.write(chunk));

/** How long a message takes there and back, in ms. */
async function roundTrip(client: Peer, message = 'x'): Promise<number> {
  const before = client.bytes();
  const from = performance.now();
  client.socket.write(message);
  await within('a round trip', () => client.bytes() === before + message.length);
  return performance.now() - from;
}

/** The quickest of some round trips: what the way costs without other work of this computer. */
async function quickest(client: Peer, message?: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) times.push(await roundTrip(client, message));
  return Math.min(...times);
}

interface Case {
  fault: Fault;
  with: object;
  message: string;
  /** What a round trip of the message takes at least. */
  atLeastMs: number;
}

const slow: Case[] = [
  { fault: networkLatency, with: { latency: '150ms', jitter: '20ms' }, message: 'x', atLeastMs: 260 },
  { fault: networkBandwidth, with: { rate: '10kB/s' }, message: 'x'.repeat(1000), atLeastMs: 140 },
  { fault: networkLoss, with: { ratio: 0.5 }, message: 'x', atLeastMs: 200 },
] as Case[];

const undone = async (link: OneLink, fault: Fault, run: string, wish: object) => {
  const { undo } = link.plan(fault, { run, with: wish });
  const deps = { targets: { 'mes-db-link': link.target }, fetch };
  await revert(undo, deps, AbortSignal.timeout(10_000));
};

describe.concurrent('A slow network', () => {
  test.each(slow)('by $fault.kind is slow for who uses it, and quick again after it', async (kind) => {
    await using link = await startOneLink(echo);
    const client = await connectPeer(link.port);
    const before = await quickest(client, kind.message);
    const injection = await link.inject(kind.fault, { run: 'r1', with: kind.with });
    expect(await injection.touched()).toBe(0);
    let during = 0;
    // A message that is not lost is not slow: then the next one may be.
    while ((await injection.touched()) === 0) during = await roundTrip(client, kind.message);
    expect(during).toBeGreaterThanOrEqual(kind.atLeastMs);
    expect(await injection.touched()).toBe(1);
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([1, []]);
    expect([before, await quickest(client, kind.message)].every((ms) => ms < during)).toBe(true);
  });

  test.each(slow)('by $fault.kind that nobody uses touches nothing', async ({ fault, with: wish }) => {
    await using link = await startOneLink();
    await connectPeer(link.port);
    const injection = await link.inject(fault, { run: 'idle', with: wish });
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched()).toBe(0);
  });

  test.each(slow)('by $fault.kind is residue until its undo is done, twice if need be', async (kind) => {
    await using link = await startOneLink();
    const injection = await link.inject(kind.fault, { run: 'left', with: kind.with });
    const name = kind.fault.kind.slice('network.'.length);
    expect(await injection.residue()).toEqual([
      `mes-db-link is still disturbed: ${name} by andon-drill-left~${name}`,
    ]);
    for (let time = 0; time < 2; time++) await undone(link, kind.fault, 'left', kind.with);
    expect(await injection.residue()).toEqual([]);
    await injection.touched();
    expect(await injection.liftedByOthers).toBe('undo');
  });
});

describe.concurrent('A flapping network', () => {
  test('is cut and in order in turn, and in order in the end', async () => {
    await using link = await startOneLink(echo);
    const client = await connectPeer(link.port);
    const injection = await link.inject(networkFlap, { run: 'r1', with: { down: '150ms', up: '150ms' } });
    const isDown = async () => (await link.client.state()).holds[0]?.disturbance !== null;
    for (let turn = 0; turn < 2; turn++) {
      await within('a cut', isDown);
      await within('a pause', async () => !(await isDown()));
    }
    expect(await roundTrip(client)).toBeGreaterThan(0);
    await connectPeer(link.port);
    await within('the new one in the count', async () => (await injection.touched()) === 2);
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([2, []]);
    expect(await roundTrip(client)).toBeGreaterThan(0);
  });

  test('that somebody else has healed does not begin again', async () => {
    await using link = await startOneLink();
    const injection = await link.inject(networkFlap, { run: 'r1', with: { down: '100ms', up: '100ms' } });
    await link.client.release('andon-drill-r1', 'runbook');
    expect(await injection.liftedByOthers).toBe('runbook');
    await injection[Symbol.asyncDispose]();
    expect((await link.client.state()).holds).toEqual([]);
  });
});

test('Faults of one run disturb a link beside each other; the same one twice is refused and leaves the first alone.', async () => {
  await using link = await startOneLink(echo);
  const client = await connectPeer(link.port);
  const first = { run: 'r1', with: { latency: '100ms' } };
  const latency = await link.inject(networkLatency, first);
  await expect(link.inject(networkLatency, first)).rejects.toThrow('held by andon-drill-r1~latency already');
  const cut = await link.inject(networkCut, { run: 'r1', with: { direction: 'upstream' } });
  client.socket.write('x');
  await cut[Symbol.asyncDispose]();
  await within('the answer', () => client.bytes() === 1);
  expect(await roundTrip(client)).toBeGreaterThanOrEqual(200);
  expect(await latency.residue()).toHaveLength(1);
});

describe('A network fault', () => {
  test.each([
    { fault: networkLatency, wish: {}, why: 'latency' },
    { fault: networkLatency, wish: { latency: '50' }, why: 'is not a duration' },
    {
      fault: networkLatency,
      wish: { latency: '50ms', jitter: '60ms' },
      why: 'jitter no longer than latency',
    },
    { fault: networkBandwidth, wish: { rate: '1Mbit/s' }, why: 'is no rate' },
    { fault: networkLoss, wish: { ratio: 1 }, why: 'use network.cut' },
    { fault: networkLoss, wish: { ratio: 0 }, why: 'must be more than 0' },
    { fault: networkFlap, wish: { down: '1ms' }, why: 'must be at least 100ms' },
    { fault: networkCut, wish: { direction: 'up' }, why: 'upstream' },
  ])('refuses $wish', ({ fault, wish, why }) => {
    const { error } = (fault as Fault).params.safeParse(wish);
    expect(error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join()).toContain(why);
  });

  test('says beforehand what is missing: another kind of target, or a proxy that does not answer', async () => {
    const params = { mode: 'drop', direction: 'both' } as const;
    const base = { drillable: true, production: false };
    const erp = {
      name: 'mes',
      target: { kind: 'mes', url: 'http://127.0.0.1:1', database: 'x', ...base } as const,
    };
    expect(() => networkCut.plan(params, erp, 'r1', 1000)).toThrow('its traffic cannot be disturbed');
    const control = 'http://127.0.0.1:1';
    const gone = { kind: 'link', control, link: 'db', protocol: 'tcp', ...base } as const;
    const host = { clock: { now: Date.now, sleep: async () => {} }, fetch, targets: {} } as never;
    await expect(networkCut.demand?.(params, { name: 'db-link', target: gone }, host)).rejects.toMatchObject({
      code: 'link.unreachable',
      mend: expect.stringContaining('andon links'),
    });
    await using link = await startOneLink();
    const wrong = { name: 'db-link', target: { ...link.target, link: 'bd' } };
    await expect(networkCut.demand?.(params, wrong, host)).rejects.toMatchObject({
      code: 'link.unreachable',
    });
    await networkCut.demand?.(params, { name: 'db-link', target: link.target }, host);
    expect((await link.client.state()).holds).toEqual([]);
  });
});
