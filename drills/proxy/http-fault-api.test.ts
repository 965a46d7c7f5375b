import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { waitFor } from '../../kit/wait.ts';
import { HttpPeer, type HttpService, startHttpService } from '../testing/http-peer.ts';
import { HttpFaultClient } from './http-fault-client.ts';
import { LinkClient } from './link-client.ts';
import { startLinks } from './link-server.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const within = <T>(what: string, check: () => Promise<T | false> | T | false) =>
  waitFor(check, { what, timeoutMs: 10_000, everyMs: 10 });

interface Bench {
  url: string;
  service: HttpService;
  peer: HttpPeer;
  target: { control: string; link: string };
  client: HttpFaultClient;
}

/** A proxy with an HTTP link `esign` and a link of bytes `db` to one service. */
async function bench(): Promise<Bench> {
  const service = await startHttpService();
  const way = { listen: anyPort, upstream: { ...anyPort, port: service.port } };
  const links = await startLinks(
    {
      listen: anyPort,
      links: [
        { name: 'esign', protocol: 'http', ...way },
        { name: 'db', ...way },
      ],
    },
    { clock: systemClock, log: silentLog },
  );
  const peer = new HttpPeer(links.links[0]?.port ?? 0);
  onTestFinished(async () => {
    peer[Symbol.dispose]();
    await links[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });
  const target = { control: links.url, link: 'esign' };
  return { url: links.url, service, peer, target, client: new HttpFaultClient(target, fetch) };
}

const failing = { holder: 'me', leaseMs: 60_000, fault: { kind: 'answer', status: 503 } } as const;

test('The control API shows an HTTP link with its faults and where its requests go.', async () => {
  const { url, service, client, peer } = await bench();
  expect(await (await fetch(`${url}/links`)).json()).toMatchObject([
    {
      name: 'esign',
      protocol: 'http',
      upstream: { port: service.port },
      httpFaults: [],
      lastHttpFault: null,
    },
    { name: 'db', upstream: { port: service.port } },
  ]);
  expect(await client.fail(failing)).toEqual({ ok: true, touched: 0 });
  expect(await peer.ask()).toMatchObject({ status: 503 });
  const { httpFaults } = await client.state();
  expect(httpFaults).toMatchObject([{ holder: 'me', fault: { ...failing.fault, ratio: 1 }, touched: 1 }]);
  expect(Date.parse(httpFaults?.[0]?.expiresAt ?? '')).toBeGreaterThan(Date.now());
});

test('One holder has a fault on a link at a time; it renews, changes and ends it, and the end says by whom.', async () => {
  const { url, client, peer } = await bench();
  await client.fail(failing);
  const refused = { ok: false, code: 'link.held', message: 'link esign is held by me already' };
  for (const holder of ['you', 'me'])
    expect(await client.fail({ ...failing, holder })).toMatchObject(refused);
  await client.restore('you', 'test');
  expect(await client.residue('me'), 'a stranger ends nothing').toEqual(['answer by me']);
  await peer.ask();
  expect(await client.fail({ ...failing, renew: true })).toEqual({ ok: true, touched: 1 });
  const other = { ...failing, fault: { kind: 'answer', status: 500 }, renew: true } as const;
  expect(await client.fail(other), 'the count goes on').toEqual({ ok: true, touched: 1 });
  expect(await peer.ask()).toMatchObject({ status: 500 });
  await client.restore('me', 'runner');
  expect(await client.state()).toMatchObject({
    httpFaults: [],
    lastHttpFault: { holder: 'me', by: 'runner' },
  });
  expect(await peer.ask()).toMatchObject({ status: 200 });
  await client.fail(failing);
  await fetch(`${url}/links/esign/http-fault`, { method: 'DELETE' });
  expect(await client.state()).toMatchObject({ httpFaults: [], lastHttpFault: { by: 'others' } });
});

test('A fault that is not renewed ends by itself, and a late renewal does not make it again.', async () => {
  const { client, peer } = await bench();
  await client.fail(failing);
  expect(await peer.ask()).toMatchObject({ status: 503 });
  // The last sign of life, and a short one: it comes after the look.
  await client.fail({ ...failing, leaseMs: 300, renew: true });
  await within('the end of the lease', async () => (await client.residue('me')).length === 0);
  expect(await client.fail({ ...failing, renew: true })).toMatchObject({
    ok: false,
    code: 'link.hold-gone',
    endedBy: 'lease',
  });
  expect(await peer.ask()).toMatchObject({ status: 200 });
});

test('What it does not understand is refused, and nothing fails.', async () => {
  const { url, client } = await bench();
  const put = (link: string, body: unknown) =>
    fetch(`${url}/links/${link}/http-fault`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const bad = [
    { ...failing, fault: { kind: 'answer', status: 200 } },
    { ...failing, fault: { kind: 'answer' } },
    { ...failing, fault: { kind: 'hang', ratio: 0 } },
    { ...failing, fault: { kind: 'hang', path: 'no-slash' } },
    { ...failing, fault: { kind: 'smile' } },
    { ...failing, holder: 'a b' },
    { ...failing, leaseMs: 5 },
  ];
  for (const body of bad) expect((await put('esign', body)).status).toBe(400);
  const bytes = await put('db', failing);
  expect([bytes.status, await bytes.json()]).toEqual([
    404,
    { error: { code: 'link.not-http', message: 'no link "db" has protocol http; such are: esign' } },
  ]);
  expect(await client.residue('me')).toEqual([]);
});

test('An HTTP link can be disturbed like any other too.', async () => {
  const { target, peer, service } = await bench();
  const bytes = new LinkClient(target, fetch);
  await peer.ask('/before');
  const cut = { kind: 'cut', mode: 'reset', direction: 'both' } as const;
  expect(await bytes.hold({ holder: 'me', disturbance: cut, leaseMs: 60_000 })).toMatchObject({ ok: true });
  expect(await peer.ask('/during')).toEqual({ error: 'ECONNRESET' });
  await bytes.release('me', 'test');
  await within('a passage', async () => (await peer.ask('/after')).status === 200);
  expect(service.seen).not.toContain('GET /during');
});
