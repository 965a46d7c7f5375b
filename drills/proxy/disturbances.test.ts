import { describe, expect, test } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Direction, Disturbance } from '../network/driver.ts';
import { connectPeer, type Peer, type PeerServer, startPeerServer } from '../testing/tcp-peer.ts';
import { TcpLink } from './tcp-link.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const until = (what: string, check: () => boolean) => waitFor(check, { what, timeoutMs: 20_000, everyMs: 2 });

/** A link with one open connection through it. */
interface Pair extends AsyncDisposable {
  server: PeerServer;
  link: TcpLink;
  client: Peer;
  upstream: Peer;
}

async function connected(
  options: { random?: () => number; onPeer?: (peer: Peer) => void } = {},
): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startPeerServer(options.onPeer));
  const upstream = { ...anyPort, port: server.port };
  const link = stack.use(await TcpLink.open({ listen: anyPort, upstream, log: silentLog, ...options }));
  const client = await connectPeer(link.listen.port);
  await until('the connection upstream', () => server.peers.length === 1);
  const [peer] = server.peers;
  if (!peer) throw new Error('no peer');
  const opened = stack.move();
  return { server, link, client, upstream: peer, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const echo = ({ socket }: Peer) => socket.on('data', (chunk) => socket.write(chunk));

/** How long one byte takes there and back, in ms. */
async function roundTrip(client: Peer): Promise<number> {
  const before = client.bytes();
  const from = performance.now();
  client.socket.write('x');
  await until('a round trip', () => client.bytes() > before);
  return performance.now() - from;
}

/** How many bytes per second arrive of so many that are sent at once. */
async function speed({ client, upstream }: Pair, size: number): Promise<number> {
  const before = upstream.bytes();
  const from = performance.now();
  client.socket.write(Buffer.alloc(size));
  await until(`${size} bytes`, () => upstream.bytes() === before + size);
  return (size / (performance.now() - from)) * 1000;
}

const latency = (latencyMs: number, direction: Direction = 'both', jitterMs = 0): Disturbance => ({
  kind: 'latency',
  latencyMs,
  jitterMs,
  direction,
});
const drop = (direction: Direction): Disturbance => ({ kind: 'cut', mode: 'drop', direction });

describe('A cut in one direction', () => {
  test.each(['upstream', 'downstream'] as const)(
    'stops the bytes that go %s, and no others',
    async (direction) => {
      await using pair = await connected();
      const { link, client, upstream } = pair;
      link.disturb('me', drop(direction));
      client.socket.write('question');
      upstream.socket.write('word');
      const [open, dead] = direction === 'upstream' ? [client, upstream] : [upstream, client];
      await until('the bytes of the other direction', () => open.received() !== '');
      await using control = await connected({ onPeer: echo });
      for (let round = 0; round < 20; round++) await roundTrip(control.client);
      expect(dead.received()).toBe('');
      expect(link.touched('me')).toBe(1);
      const late = await connectPeer(link.listen.port);
      await until('the arrival', () => link.touched('me') === 2);
      expect(pair.server.peers, 'nobody is dialled for').toHaveLength(1);
      link.heal('me');
      await until(
        'what had waited',
        () => upstream.received() === 'question' && client.received() === 'word',
      );
      late.socket.write('late');
      await until('the late one', () => pair.server.peers[1]?.received() === 'late');
    },
  );

  test('lets the goodbye of the other direction pass', async () => {
    await using pair = await connected();
    pair.link.disturb('me', drop('upstream'));
    pair.client.socket.end('unheard');
    pair.upstream.socket.end('bye');
    await pair.client.ended;
    expect([pair.client.received(), pair.upstream.received()]).toEqual(['bye', '']);
    pair.link.heal('me');
    await pair.upstream.ended;
    expect(pair.upstream.received()).toBe('unheard');
  });
});

describe('Latency', () => {
  test('makes the round trip of an open and of a new connection longer at once, and no other link slower', async () => {
    await using pair = await connected({ onPeer: echo });
    await using control = await connected({ onPeer: echo });
    pair.link.disturb('me', latency(300));
    const late = await connectPeer(pair.link.listen.port);
    const beside: number[] = [];
    for (let round = 0; round < 5; round++) beside.push(await roundTrip(control.client));
    for (const client of [pair.client, late]) expect(await roundTrip(client)).toBeGreaterThanOrEqual(600);
    expect(Math.min(...beside)).toBeLessThan(300);
    expect([pair.link.touched('me'), control.link.touched('me')]).toEqual([2, 0]);
    pair.link.heal('me');
    const after: number[] = [];
    for (let round = 0; round < 5; round++) after.push(await roundTrip(pair.client));
    expect(Math.min(...after)).toBeLessThan(600);
  });

  test('of one direction is half of it, and touches only who sends', async () => {
    await using pair = await connected({ onPeer: echo });
    pair.link.disturb('me', latency(300, 'downstream'));
    expect(pair.link.touched('me')).toBe(0);
    expect(await roundTrip(pair.client)).toBeGreaterThanOrEqual(300);
    expect(pair.link.touched('me')).toBe(1);
  });

  test('delivers at once what is on its way when it is healed, goodbyes last', async () => {
    await using pair = await connected();
    pair.link.disturb('me', latency(3_600_000));
    pair.client.socket.end('words');
    await until('the hit', () => pair.link.touched('me') === 1);
    pair.link.heal('me');
    await pair.upstream.ended;
    expect(pair.upstream.received()).toBe('words');
  });

  test('delays a reset as well, behind the bytes before it', async () => {
    await using pair = await connected();
    pair.link.disturb('me', latency(200));
    pair.client.socket.write('last words');
    await until('the hit', () => pair.link.touched('me') === 1);
    pair.client.socket.resetAndDestroy();
    expect(await pair.upstream.closed).toBe('ECONNRESET');
    await until('the end of the relay', () => pair.link.connections === 0);
  });

  test('holds a writer back by TCP itself where much is on its way', async () => {
    await using pair = await connected();
    pair.link.disturb('me', latency(3_600_000));
    const size = 32 * 1024 * 1024;
    pair.client.socket.write(Buffer.alloc(size));
    await using control = await connected({ onPeer: echo });
    for (let round = 0; round < 20; round++) await roundTrip(control.client);
    expect(pair.client.socket.writableLength).toBeGreaterThan(0);
    pair.link.heal('me');
    await until('all bytes', () => pair.upstream.bytes() === size);
  });
});

describe('Bandwidth', () => {
  test('is at most what is said, and shared by the connections', async () => {
    await using pair = await connected();
    const free = await speed(pair, 8 * 1024 * 1024);
    const limit = Math.round(Math.min(free / 20, 4_000_000));
    pair.link.disturb('me', { kind: 'bandwidth', bytesPerSecond: limit, direction: 'upstream' });
    const large = Buffer.alloc(limit);
    const second = await connectPeer(pair.link.listen.port);
    const from = performance.now();
    pair.client.socket.write(large);
    second.socket.write(large.subarray(0, limit / 4));
    await until('the small one', () => pair.server.peers[1]?.bytes() === Math.floor(limit / 4));
    expect(pair.upstream.bytes(), 'they took turns').toBeLessThan(8 * 1024 * 1024 + limit);
    await until('the large one', () => pair.upstream.bytes() === 8 * 1024 * 1024 + limit);
    // A twentieth for the pieces and for what late timers make up.
    expect((limit * 1.25) / ((performance.now() - from) / 1000)).toBeLessThan(limit * 1.05);
    expect(pair.link.touched('me')).toBe(2);
  });

  test('of the other direction touches nothing', async () => {
    await using pair = await connected();
    pair.link.disturb('me', { kind: 'bandwidth', bytesPerSecond: 1000, direction: 'downstream' });
    await speed(pair, 1024 * 1024);
    expect(pair.link.touched('me')).toBe(0);
  });
});

describe('Loss', () => {
  test('delays some as a kernel that sends again, and loses none', async () => {
    const chances = [0.9, 0.1, 0.1, 0.9, 0.9];
    await using pair = await connected({ onPeer: echo, random: () => chances.shift() ?? 0.9 });
    pair.link.disturb('me', { kind: 'loss', ratio: 0.5, direction: 'upstream' });
    await roundTrip(pair.client);
    expect(pair.link.touched('me'), 'the first came through').toBe(0);
    expect(await roundTrip(pair.client), 'lost twice').toBeGreaterThanOrEqual(600);
    expect(pair.link.touched('me')).toBe(1);
    expect(await roundTrip(pair.client)).toBeGreaterThan(0);
    expect([chances, pair.upstream.received()]).toEqual([[], 'xxx']);
  });
});

describe('Several disturbances of a link', () => {
  test('add up, and each ends alone', async () => {
    await using pair = await connected({ onPeer: echo });
    const { link, client } = pair;
    link.disturb('run~cut', drop('both'));
    link.disturb('run~latency', latency(100));
    link.disturb('run~more', latency(100, 'upstream'));
    client.socket.write('x');
    link.heal('run~cut');
    await until('the answer', () => client.received() === 'x');
    expect(link.touched('run~latency')).toBe(1);
    expect(await roundTrip(client)).toBeGreaterThanOrEqual(300);
    link.heal('run~latency');
    expect(await roundTrip(client)).toBeGreaterThanOrEqual(100);
  });

  test('that come and go lose no byte and mix up none', async () => {
    await using pair = await connected();
    const { link, client, upstream } = pair;
    const sent = Array.from({ length: 60_000 }, (_, index) => `${index},`).join('');
    for (let at = 0; at < sent.length; at += 4096) client.socket.write(sent.slice(at, at + 4096));
    client.socket.end();
    const all: (Disturbance | null)[] = [
      latency(5, 'both', 5),
      drop('upstream'),
      { kind: 'bandwidth', bytesPerSecond: 2_000_000, direction: 'both' },
      { kind: 'loss', ratio: 0.02, direction: 'both' },
      null,
    ];
    let turn = 0;
    await until('everything', () => {
      const wish = all[turn++ % all.length] ?? null;
      link.disturb(`run~${Math.floor(Math.random() * 3)}`, wish);
      if (turn % 5 === 0) for (const holder of ['run~0', 'run~1', 'run~2']) link.heal(holder);
      return upstream.bytes() === sent.length;
    });
    expect(upstream.received()).toBe(sent);
    for (const holder of ['run~0', 'run~1', 'run~2']) link.heal(holder);
    await upstream.ended;
  });
});
