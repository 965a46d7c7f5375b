import { once } from 'node:events';
import { createServer } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../exporters/web/testing/certificates.ts';
import type { HttpProvider } from './activity-schema.ts';
import { callHttp } from './http-provider.ts';
import { echoServer } from './testing/echo-server.ts';

const variables = { configuration: {}, secrets: {} };
const echo = echoServer();
let base = '';
beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  base = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
});
afterAll(() => {
  echo.closeAllConnections();
  echo.close();
});

const call = (url: string, more: Partial<HttpProvider> = {}, signal = AbortSignal.timeout(30_000)) =>
  callHttp({ type: 'http', url, ...more }, variables, signal);

describe('The http provider', () => {
  it('tries again as often as max_retries says, where no answer comes.', async () => {
    let asked = 0;
    const shy = createServer((request, response) =>
      ++asked < 3 ? request.socket.destroy() : response.end('at last'),
    );
    shy.listen(0, '127.0.0.1');
    await once(shy, 'listening');
    const url = `http://127.0.0.1:${(shy.address() as AddressInfo).port}/`;
    await expect(call(url, { max_retries: 1 })).rejects.toThrow('no answer from');
    expect(asked).toBe(2);
    expect(await call(url, { max_retries: 1 })).toMatchObject({ status: 200, body: 'at last' });
    shy.closeAllConnections();
    shy.close();
  });

  it('fails where the answer says JSON and is none, and where nobody listens.', async () => {
    await expect(call(`${base}/not-json`)).rejects.toThrow('says it is JSON');
    await expect(call('http://127.0.0.1:1/')).rejects.toThrow('no answer from http://127.0.0.1:1');
  });

  it('stops at once when it is told to.', async () => {
    const stop = new AbortController();
    const calling = call(`${base}/never`, {}, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(calling).rejects.toThrow('stopped');
  });

  it('unpacks an answer that is packed.', async () => {
    const packed = createServer((_request, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('unpacked')),
    );
    packed.listen(0, '127.0.0.1');
    await once(packed, 'listening');
    const url = `http://127.0.0.1:${(packed.address() as AddressInfo).port}/`;
    expect(await call(url)).toMatchObject({ body: 'unpacked' });
    packed.close();
  });

  it('checks certificates unless verify_tls is false.', async () => {
    await using authority: CertificateAuthority = await createCertificateAuthority();
    const { cert, key } = await authority.issue('server', 'IP:127.0.0.1');
    const server = https.createServer({ cert, key }, (_request, response) => response.end('secret enough'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await expect(call(url)).rejects.toThrow(/certificate/);
    expect(await call(url, { verify_tls: false })).toMatchObject({ status: 200, body: 'secret enough' });
    server.close();
  });

  it('hands a password to no other host that it is sent on to.', async () => {
    const elsewhere = echoServer().listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const port = (elsewhere.address() as AddressInfo).port;
    let seen: string | undefined;
    elsewhere.prependListener('request', (request) => {
      seen = request.headers.authorization ?? 'none';
    });
    const sender = createServer((_request, response) =>
      response.writeHead(307, { Location: `http://127.0.0.1:${port}/echo` }).end(),
    ).listen(0, '127.0.0.1');
    await once(sender, 'listening');
    await call(`http://127.0.0.1:${(sender.address() as AddressInfo).port}/`, {
      headers: { Authorization: 'Bearer x' },
    });
    expect(seen).toBe('none');
    for (const server of [elsewhere, sender]) server.close();
  });
});
