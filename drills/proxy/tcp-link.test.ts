import { describe, expect, test } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { waitFor } from '../../kit/wait.ts';
import type { CutMode } from '../network/driver.ts';
import { connectPeer, type Peer, type PeerServer, startPeer, startPeerServer } from '../testing/tcp-peer.ts';
import { TcpLink } from './tcp-link.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const timeoutMs = 10_000;

async function linkTo(server: PeerServer): Promise<TcpLink> {
  return TcpLink.open({ listen: anyPort, upstream: { ...anyPort, port: server.port }, log: silentLog });
}

const cut = (link: TcpLink, mode: CutMode) => link.disturb('me', { kind: 'cut', mode, direction: 'both' });

const echo = ({ socket }: Peer) => socket.on('data', (chunk) => socket.write(chunk));

const received = (peer: Peer | undefined, text: string) =>
  waitFor(() => peer?.received() === text, { what: `receipt of "${text}"`, timeoutMs, everyMs: 5 });

const peerAt = (server: PeerServer, index: number) =>
  waitFor(() => server.peers[index], { what: `connection ${index} at the upstream`, timeoutMs, everyMs: 5 });

/** Round trips beside the link: whatever could pass through the link has had its chance. */
async function aWhile(): Promise<void> {
  await using server = await startPeerServer(echo);
  await using link = await linkTo(server);
  const client = await connectPeer(link.listen.port);
  for (let round = 1; round <= 20; round++) {
    client.socket.write('x');
    await waitFor(() => client.bytes() === round, { what: 'a round trip', timeoutMs, everyMs: 1 });
  }
}

describe('A link that is not cut', () => {
  test('passes bytes both ways and keeps them whole under back-pressure', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    const client = await connectPeer(link.listen.port);
    const upstream = await peerAt(server, 0);
    const size = 16 * 1024 * 1024;
    upstream.socket.pause();
    client.socket.write(Buffer.alloc(size, 'a'));
    await aWhile();
    expect(client.socket.writableLength, 'the slow reader holds the writer back').toBeGreaterThan(0);
    upstream.socket.resume();
    await waitFor(() => upstream.bytes() === size, { what: 'all bytes', timeoutMs });
    upstream.socket.write('thanks');
    await received(client, 'thanks');
  });

  test('lets a side that has said all it has to say still listen', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    const client = await connectPeer(link.listen.port);
    client.socket.end('question');
    const upstream = await peerAt(server, 0);
    await upstream.ended;
    upstream.socket.end('answer');
    await client.ended;
    expect(client.received()).toBe('answer');
    await waitFor(() => link.connections === 0, { what: 'the end of the relay', timeoutMs });
  });

  test('hands on a reset of either side, and a refusal of the upstream', async () => {
    const server = await startPeerServer();
    await using link = await linkTo(server);
    const first = await connectPeer(link.listen.port);
    (await peerAt(server, 0)).socket.resetAndDestroy();
    expect(await first.closed).toBe('ECONNRESET');
    const second = await connectPeer(link.listen.port);
    const upstream = await peerAt(server, 1);
    second.socket.resetAndDestroy();
    expect(await upstream.closed).toBe('ECONNRESET');
    await server[Symbol.asyncDispose]();
    expect(await startPeer(link.listen.port).closed).toBe('ECONNRESET');
  });

  test('has touched nothing', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    await connectPeer(link.listen.port);
    expect(link.touched('me')).toBe(0);
    cut(link, 'drop');
    link.heal('me');
    expect(link.touched('me')).toBe(0);
  });
});

describe('A dropped link', () => {
  test('is silent both ways for open connections, which then get what had waited', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    const client = await connectPeer(link.listen.port);
    const upstream = await peerAt(server, 0);
    client.socket.write('before');
    await received(upstream, 'before');
    cut(link, 'drop');
    client.socket.write(' during');
    upstream.socket.write('reply');
    await aWhile();
    expect([upstream.received(), client.received()]).toEqual(['before', '']);
    expect([link.touched('me'), link.connections]).toEqual([1, 1]);
    link.heal('me');
    await received(upstream, 'before during');
    await received(client, 'reply');
  });

  test('stops reading, so that a writer is held back by TCP itself', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    const client = await connectPeer(link.listen.port);
    const upstream = await peerAt(server, 0);
    cut(link, 'drop');
    const size = 32 * 1024 * 1024;
    client.socket.write(Buffer.alloc(size));
    await aWhile();
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(upstream.bytes()).toBe(0);
    link.heal('me');
    await waitFor(() => upstream.bytes() === size, { what: 'all bytes', timeoutMs });
  });

  test('tells neither side that the other has left, until it is healed', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    const polite = await connectPeer(link.listen.port);
    const rude = await connectPeer(link.listen.port);
    const [first, second] = [await peerAt(server, 0), await peerAt(server, 1)];
    cut(link, 'drop');
    polite.socket.end('last words');
    rude.socket.resetAndDestroy();
    await aWhile();
    expect([first.socket.readableEnded, second.socket.closed]).toEqual([false, false]);
    link.heal('me');
    await first.ended;
    expect(first.received()).toBe('last words');
    expect(await second.closed).toBe('ECONNRESET');
  });

  test('accepts new connections without an answer and dials for them when it is healed', async () => {
    await using server = await startPeerServer(echo);
    await using link = await linkTo(server);
    cut(link, 'drop');
    const client = await connectPeer(link.listen.port);
    client.socket.write('hello');
    await aWhile();
    expect([server.peers.length, client.received()]).toEqual([0, '']);
    expect(link.touched('me')).toBe(1);
    link.heal('me');
    await received(client, 'hello');
  });

  test('delivers the words of a client that has left meanwhile, and its goodbye', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    cut(link, 'drop');
    const client = await connectPeer(link.listen.port);
    client.socket.write('applied but never acknowledged');
    client.socket.destroy();
    await client.closed;
    link.heal('me');
    const upstream = await peerAt(server, 0);
    await upstream.ended;
    expect(upstream.received()).toBe('applied but never acknowledged');
  });

  test('lets late arrivals through a few at a time, the newest first, and all in the end', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    cut(link, 'drop');
    const clients: Peer[] = [];
    for (let number = 0; number < 40; number++) {
      const client = await connectPeer(link.listen.port);
      client.socket.write(`client ${number}`);
      clients.push(client);
    }
    await waitFor(() => link.touched('me') === 40, { what: '40 arrivals', timeoutMs });
    link.heal('me');
    await waitFor(() => (server.peers[0]?.received() ?? '') !== '', {
      what: 'the first words',
      timeoutMs,
      everyMs: 1,
    });
    expect(server.peers[0]?.received()).toBe('client 39');
    expect(server.peers.length).toBeLessThan(40);
    const answered = () => {
      for (const { socket } of server.peers) if (socket.bytesWritten === 0) socket.write('.');
      return clients.every((client) => client.bytes() === 1);
    };
    await waitFor(answered, { what: 'an answer for everyone', timeoutMs, everyMs: 5 });
  });

  test('closes at once when its proxy ends, dead cable or not', async () => {
    await using server = await startPeerServer();
    const link = await linkTo(server);
    const open = await connectPeer(link.listen.port);
    await peerAt(server, 0);
    cut(link, 'drop');
    const waiting = await connectPeer(link.listen.port);
    await waitFor(() => link.connections === 2, { what: 'both connections', timeoutMs });
    await link[Symbol.asyncDispose]();
    await Promise.all([open.ended, waiting.ended]);
    expect(server.peers.length).toBe(1);
  });
});

describe('A link cut another way', () => {
  const cases: { mode: CutMode; open: string; fresh: string[] }[] = [
    { mode: 'reject', open: 'silent', fresh: ['closed', 'ECONNRESET'] },
    { mode: 'reset', open: 'ECONNRESET', fresh: ['ECONNRESET'] },
  ];
  test.each(cases)('$mode: open connections are $open, new ones end', async ({ mode, open, fresh }) => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    const client = await connectPeer(link.listen.port);
    const upstream = await peerAt(server, 0);
    cut(link, mode);
    const late = startPeer(link.listen.port);
    await late.ended;
    late.socket.end();
    expect(fresh).toContain(await late.closed);
    if (open === 'silent') {
      client.socket.write('hm');
      await aWhile();
      expect([upstream.received(), client.socket.closed]).toEqual(['', false]);
    } else expect([await client.closed, await upstream.closed]).toEqual([open, open]);
    expect(link.touched('me')).toBe(2);
    link.heal('me');
    if (open === 'silent') await received(upstream, 'hm');
    const after = await connectPeer(link.listen.port);
    after.socket.write('again');
    await received(await peerAt(server, 1), 'again');
  });

  test('a change from drop to reset resets those who wait', async () => {
    await using server = await startPeerServer();
    await using link = await linkTo(server);
    cut(link, 'drop');
    const waiting = await connectPeer(link.listen.port);
    await waitFor(() => link.connections === 1, { what: 'the arrival', timeoutMs });
    cut(link, 'reset');
    expect(await waiting.closed).toBe('ECONNRESET');
    expect(server.peers.length).toBe(0);
  });
});
