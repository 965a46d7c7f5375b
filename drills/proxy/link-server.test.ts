import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
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
  const client = new LinkClient(
    { kind: 'link', control: links.url, link: 'db', protocol: 'tcp', drillable: true, production: false },
    fetch,
  );
  return { ...links, port: links.links[0]?.port ?? 0, client };
}

const put = (url: string, body: unknown) =>
  fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('The control API of the links', () => {
  test('lists the links with their addresses, cuts and connections', async () => {
    await using server = await startPeerServer();
    const { url, port, client } = await started(server.port);
    await connectPeer(port);
    expect(await (await fetch(`${url}/links`)).json()).toEqual([
      {
        name: 'db',
        listen: { host: '127.0.0.1', port },
        upstream: { host: '127.0.0.1', port: server.port },
        cut: null,
        connections: 1,
        lastCut: null,
      },
    ]);
    expect(await client.cut({ mode: 'drop', holder: 'me', leaseMs: 60_000 })).toEqual({
      ok: true,
      connections: 1,
    });
    const { cut } = await client.state();
    expect(cut).toMatchObject({ mode: 'drop', holder: 'me', touched: 1 });
    expect(Date.parse(cut?.expiresAt ?? '')).toBeGreaterThan(Date.now());
  });

  test('gives one link to one holder at a time, who renews and ends the cut', async () => {
    await using server = await startPeerServer();
    const { url, port, client } = await started(server.port);
    await client.cut({ mode: 'drop', holder: 'me', leaseMs: 60_000 });
    expect(await client.cut({ mode: 'drop', holder: 'you', leaseMs: 60_000 })).toMatchObject({
      ok: false,
      code: 'link.held',
    });
    await client.restore('you', 'test');
    expect((await client.state()).cut?.holder, 'a stranger ends nothing').toBe('me');
    await connectPeer(port);
    const renewed = () => client.cut({ mode: 'drop', holder: 'me', leaseMs: 60_000, renew: true });
    await waitFor(async () => ((await renewed()) as { connections?: number }).connections === 1, {
      what: 'the new arrival in the count',
      timeoutMs: 5000,
    });
    const answer = await fetch(`${url}/links/db/cut?holder=me`, { method: 'DELETE' });
    expect(answer.status).toBe(204);
    expect(await client.state()).toMatchObject({ cut: null, lastCut: { holder: 'me', by: 'holder' } });
    await client.cut({ mode: 'drop', holder: 'me', leaseMs: 60_000 });
    await fetch(`${url}/links/db/cut`, { method: 'DELETE' });
    expect(await client.state()).toMatchObject({ cut: null, lastCut: { holder: 'me', by: 'others' } });
  });

  test('heals by itself when the lease is not renewed, and a late renewal does not cut again', async () => {
    await using server = await startPeerServer(({ socket }) => socket.write('hello'));
    const { port, client } = await started(server.port);
    await client.cut({ mode: 'reset', holder: 'me', leaseMs: 300 });
    expect(await startPeer(port).closed).toBe('ECONNRESET');
    await waitFor(async () => (await client.state()).cut === null, { what: 'the healing', timeoutMs: 5000 });
    const late = await client.cut({ mode: 'reset', holder: 'me', leaseMs: 300, renew: true });
    expect(late).toMatchObject({ ok: false, code: 'link.cut-gone', endedBy: 'lease' });
    const peer = await connectPeer(port);
    await waitFor(() => peer.received() === 'hello', { what: 'an answer', timeoutMs: 5000 });
  });

  test('refuses what it does not understand, and cuts nothing', async () => {
    await using server = await startPeerServer();
    const { url, client } = await started(server.port);
    const good = { mode: 'drop', holder: 'me', leaseMs: 1000 };
    const bad = [
      { ...good, mode: 'saw' },
      { ...good, holder: '' },
      { ...good, leaseMs: 5 },
      { ...good, extra: 1 },
      '{',
    ];
    for (const body of bad) expect((await put(`${url}/links/db/cut`, body)).status).toBe(400);
    const unknown = await put(`${url}/links/bd/cut`, good);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({
      error: { code: 'link.unknown', message: 'no link "bd"; known are db' },
    });
    expect((await client.state()).cut).toBeNull();
  });
});

describe('Starting links', () => {
  test('opens all or none: a port that is taken closes the links before it', async () => {
    await using server = await startPeerServer();
    const upstream = { ...anyPort, port: server.port };
    const taken = { name: 'second', listen: upstream, upstream };
    const first = await started(server.port);
    const reused = { name: 'first', listen: { ...anyPort, port: first.port }, upstream };
    await first[Symbol.asyncDispose]();
    await expect(startLinks({ listen: anyPort, links: [reused, taken] }, deps)).rejects.toThrow(
      /link second: .*EADDRINUSE/,
    );
    expect(await startPeer(first.port).closed).toBe('ECONNREFUSED');
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
