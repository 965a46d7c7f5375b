import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { connectPeer, startPeer, startPeerServer } from '../testing/tcp-peer.ts';
import { readLinksConfig } from './config.ts';
import { LinkClient } from './link-client.ts';
import { type RunningLinks, startLinks } from './link-server.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const deps = { clock: systemClock, log: silentLog };

async function started(upstreamPort: number): Promise<RunningLinks & { port: number; client: LinkClient }> {
  const links = await startLinks(
    {
      listen: anyPort,
      links: [{ name: 'db', listen: anyPort, upstream: { ...anyPort, port: upstreamPort } }],
    },
    deps,
  );
  onTestFinished(() => links[Symbol.asyncDispose]());
  const client = new LinkClient({ control: links.url, link: 'db' }, fetch);
  return { ...links, port: links.links[0]?.port ?? 0, client };
}

const send = (method: string, url: string, body: unknown) =>
  fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const drop = { kind: 'cut', mode: 'drop', direction: 'both' } as const;
const reset = { ...drop, mode: 'reset' } as const;
const leaseMs = 60_000;

describe('The control API of the links', () => {
  test('lists the links with their addresses, holds and connections', async () => {
    await using server = await startPeerServer();
    const { url, port, client } = await started(server.port);
    await connectPeer(port);
    expect(await (await fetch(`${url}/links`)).json()).toEqual([
      {
        name: 'db',
        listen: { host: '127.0.0.1', port },
        upstream: { host: '127.0.0.1', port: server.port },
        connections: 1,
        holds: [],
        lastEnded: null,
      },
    ]);
    expect(await client.hold({ holder: 'me', disturbance: drop, leaseMs })).toEqual({ ok: true, touched: 1 });
    const [held] = (await client.state()).holds;
    expect(held).toMatchObject({ holder: 'me', disturbance: drop, touched: 1 });
    expect(Date.parse(held?.expiresAt ?? '')).toBeGreaterThan(Date.now());
  });

  test('gives one link to one run at a time, which renews and ends what it does', async () => {
    await using server = await startPeerServer();
    const { url, port, client } = await started(server.port);
    await client.hold({ holder: 'me', disturbance: drop, leaseMs });
    for (const holder of ['you', 'me'])
      expect(await client.hold({ holder, disturbance: drop, leaseMs })).toMatchObject({
        ok: false,
        code: 'link.held',
        message: 'link db is held by me already',
      });
    await client.release('you', 'test');
    expect(await client.residue('me'), 'a stranger ends nothing').toEqual(['cut by me']);
    await connectPeer(port);
    await waitFor(
      async () => ((await client.renew({ holder: 'me', leaseMs })) as { touched?: number }).touched === 1,
      { what: 'the new arrival in the count', timeoutMs: 20_000 },
    );
    const answer = await fetch(`${url}/links/db/holds/me`, { method: 'DELETE' });
    expect(answer.status).toBe(204);
    expect(await client.state()).toMatchObject({ holds: [], lastEnded: { holder: 'me', by: 'holder' } });
    await client.hold({ holder: 'me', disturbance: drop, leaseMs });
    await fetch(`${url}/links/db/holds`, { method: 'DELETE' });
    expect(await client.state()).toMatchObject({ holds: [], lastEnded: { holder: 'me', by: 'others' } });
  });

  test('lets the faults of one run disturb a link beside each other, and end one by one or all at once', async () => {
    await using server = await startPeerServer();
    const { client } = await started(server.port);
    const loss = { kind: 'loss', ratio: 0.1, direction: 'upstream' } as const;
    await client.hold({ holder: 'run~cut', disturbance: drop, leaseMs });
    expect(await client.hold({ holder: 'run~loss', disturbance: loss, leaseMs })).toMatchObject({ ok: true });
    expect(await client.hold({ holder: 'runs~loss', disturbance: loss, leaseMs })).toMatchObject({
      ok: false,
    });
    expect(await client.residue('run')).toEqual(['cut by run~cut', 'loss by run~loss']);
    await client.release('run~cut', 'test');
    expect(await client.residue('run')).toEqual(['loss by run~loss']);
    await client.hold({ holder: 'run~cut', disturbance: drop, leaseMs });
    await client.release('run', 'test');
    expect(await client.residue('run')).toEqual([]);
  });

  test('heals by itself when the lease is not renewed, and a late renewal does not disturb again', async () => {
    await using server = await startPeerServer(({ socket }) => socket.write('hello'));
    const { port, client } = await started(server.port);
    await client.hold({ holder: 'me', disturbance: reset, leaseMs });
    expect(await startPeer(port).closed).toBe('ECONNRESET');
    // The last sign of life, and a short one: it comes after the look.
    await client.renew({ holder: 'me', leaseMs: 300 });
    await waitFor(async () => (await client.residue('me')).length === 0, {
      what: 'the healing',
      timeoutMs: 20_000,
    });
    for (const disturbance of [undefined, reset])
      expect(await client.renew({ holder: 'me', disturbance, leaseMs })).toMatchObject({
        ok: false,
        code: 'link.hold-gone',
        endedBy: 'lease',
      });
    const peer = await connectPeer(port);
    await waitFor(() => peer.received() === 'hello', { what: 'an answer', timeoutMs: 20_000 });
  });

  test('refuses what it does not understand, and disturbs nothing', async () => {
    await using server = await startPeerServer();
    const { url, client } = await started(server.port);
    const good = { disturbance: drop, holder: 'me', leaseMs: 1000 };
    const bad = [
      { ...good, disturbance: { ...drop, mode: 'saw' } },
      { ...good, disturbance: { ...drop, extra: 1 } },
      { ...good, disturbance: { kind: 'loss', ratio: 1, direction: 'both' } },
      { ...good, disturbance: { kind: 'bandwidth', bytesPerSecond: 0, direction: 'both' } },
      { ...good, disturbance: { kind: 'latency', latencyMs: -1, jitterMs: 0, direction: 'both' } },
      { ...good, holder: '' },
      { ...good, leaseMs: 5 },
      { ...good, extra: 1 },
      '{',
    ];
    for (const body of bad) expect((await send('POST', `${url}/links/db/holds`, body)).status).toBe(400);
    expect((await send('PATCH', `${url}/links/db/holds/me`, {})).status).toBe(400);
    const unknown = await send('POST', `${url}/links/bd/holds`, good);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({
      error: { code: 'link.unknown', message: 'no link "bd"; known are db' },
    });
    expect((await client.state()).holds).toEqual([]);
  });
});

describe('Starting links', () => {
  test('opens all or none: a port that is taken closes the links before it', async () => {
    await using server = await startPeerServer();
    const upstream = { ...anyPort, port: server.port };
    const taken = { name: 'second', listen: upstream, upstream };
    const [port = 0] = await freePorts(1);
    const first = { name: 'first', listen: { ...anyPort, port }, upstream };
    await expect(startLinks({ listen: anyPort, links: [first, taken] }, deps)).rejects.toThrow(
      /link second: .*EADDRINUSE/,
    );
    expect(await startPeer(port).closed).toBe('ECONNREFUSED');
  });

  test('reads a links file and names every mistake in it', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-links-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'links.json');
    const write = (content: unknown) => writeFileSync(file, JSON.stringify(content, null, 1));
    const link = { name: 'db', listen: '127.0.0.1:1', upstream: '127.0.0.1:2' };
    write({ listen: '127.0.0.1:3', links: [link] });
    expect(readLinksConfig(file).links[0]?.upstream).toEqual({ host: '127.0.0.1', port: 2 });
    write({
      listen: '127.0.0.1:3',
      links: [
        { ...link, name: 'a/b' },
        { ...link, upstream: 'nowhere' },
        { ...link, to: 1 },
      ],
    });
    expect(() => readLinksConfig(file)).toThrow(/has 3 mistakes/);
    write({ listen: '127.0.0.1:3', links: [link, link] });
    expect(() => readLinksConfig(file)).toThrow(/links.json:10:\d+ .*the name "db" is taken/);
  });
});
