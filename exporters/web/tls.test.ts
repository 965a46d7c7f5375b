import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AskOptions, ask, send } from './testing/ask.ts';
import {
  type Certificate,
  type CertificateAuthority,
  createCertificateAuthority,
} from './testing/certificates.ts';
import { startDoor, tlsText } from './testing/door.ts';

let ca: CertificateAuthority;
let stranger: CertificateAuthority;
let client: Certificate;
beforeAll(async () => {
  [ca, stranger] = await Promise.all([createCertificateAuthority(), createCertificateAuthority()]);
  await ca.issue('server', 'DNS:localhost', 'IP:127.0.0.1');
  client = await ca.issue('client', 'DNS:prometheus.plant', 'IP:10.0.0.7');
});
afterAll(async () => {
  await ca?.[Symbol.asyncDispose]();
  await stranger?.[Symbol.asyncDispose]();
});

const file = (name: string) => path.join(ca.folder, name);

describe('with TLS', () => {
  it('a client refuses a name that the certificate does not have, and an authority that it does not know', async () => {
    await using door = await startDoor(ca, 'tls', tlsText());
    expect(door.server.url).toMatch(/^https:/);
    expect(await door.status()).toBe(200);
    expect(await door.status({ servername: 'localhost' })).toBe(200);
    await expect(door.status({ servername: 'exporter.plant' })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    await expect(door.status({ ca: stranger.cert })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    await expect(ask(door.server.url.replace('https', 'http'))).rejects.toMatchObject({ code: 'ECONNRESET' });
    const groups = JSON.parse((await ask(`${door.server.url}/sd`, { ca: ca.cert })).body);
    expect(groups[0].labels.__scheme__).toBe('https');
  });

  it('a renewed certificate is shown to new connections, and an open one ends with its next answer', async () => {
    for (const [from, to] of [
      ['server.pem', 'own.pem'],
      ['server.key', 'own.key'],
    ] as const)
      await copyFile(file(from), file(to));
    await using door = await startDoor(
      ca,
      'renewal',
      'tls_server_config: {cert_file: own.pem, key_file: own.key}',
    );
    using agent = keepAlive();
    const connection = async () => {
      const request = send(`${door.server.url}/sd`, { ca: ca.cert, agent });
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      return [subject.CN, response.headers.connection];
    };
    expect(await connection()).toEqual(['server', 'keep-alive']);
    // A certificate without its key, as in the middle of a renewal, is not taken.
    const { cert, key } = await ca.issue('renewed', 'IP:127.0.0.1');
    await writeFile(file('own.pem'), cert);
    expect(await connection()).toEqual(['server', 'keep-alive']);
    expect(door.failures()).toEqual([
      expect.stringContaining('key_file: this key does not belong to the certificate'),
    ]);
    await writeFile(file('own.key'), key);
    expect(await connection()).toEqual(['server', 'close']);
    expect(await connection()).toEqual(['renewed', 'keep-alive']);
  });

  it('speaks only the versions and suites it is told to', async () => {
    const suites = ', max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]';
    await using door = await startDoor(ca, 'versions', tlsText(suites));
    expect(await door.status({ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBe(200);
    for (const wrong of [{ minVersion: 'TLSv1.3' as const }, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }])
      await expect(door.status(wrong), JSON.stringify(wrong)).rejects.toMatchObject({ code: /ALERT/ });
  });
});

const keepAlive = () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
};

describe('with client certificates', () => {
  const required = (more = '') =>
    tlsText(`, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem${more}`);
  const shown = ({ cert, key }: Certificate) => ({ cert, key });

  it('nobody gets in without one of the authority, not even to health', async () => {
    await using door = await startDoor(ca, 'required', required());
    expect(await door.status(shown(client))).toBe(200);
    await expect(door.status()).rejects.toThrow();
    await expect(door.status({}, '/-/healthy')).rejects.toThrow();
    const foreign = await stranger.issue('client', 'DNS:prometheus.plant');
    await expect(door.status(shown(foreign))).rejects.toThrow();
  });

  it('the authority can be another one from the next connection on', async () => {
    const foreign = await stranger.issue('successor', 'DNS:prometheus.plant');
    await using door = await startDoor(ca, 'authority', required());
    await door.write(required().replace('ca.pem', stranger.certFile));
    expect(await door.status(shown(foreign))).toBe(200);
    await expect(door.status(shown(client))).rejects.toThrow();
    await door.write(tlsText());
    await expect(door.status()).rejects.toThrow();
    expect(await door.status(shown(foreign))).toBe(200);
    expect(door.failures()).toContainEqual(
      expect.stringContaining('client_auth_type cannot change while it runs'),
    );
  });

  it('only the names of client_allowed_sans may stay', async () => {
    await using door = await startDoor(ca, 'names', required(', client_allowed_sans: [10.0.0.7]'));
    expect(await door.status(shown(client))).toBe(200);
    const other = await ca.issue('other', 'DNS:grafana.plant');
    // One URI that reads like two names: a sequence (30) of one uniformResourceIdentifier (86).
    const uri = Buffer.from('b, IP Address:10.0.0.7, c');
    const encoded = Buffer.concat([Buffer.from([0x30, uri.length + 2, 0x86, uri.length]), uri]);
    const deceiver = await ca.issue('deceiver', `DER:${encoded.toString('hex')}`);
    for (const refused of [other, deceiver, other])
      await expect(door.status(shown(refused))).rejects.toThrow();
    expect(door.failures()).toEqual([
      "the client's certificate has none of the names of client_allowed_sans",
    ]);
  });

  it('of the weaker kinds do what their names say', async () => {
    const foreign = await stranger.issue('foreign', 'DNS:prometheus.plant');
    const outcome = async (kind: string, caFile = '') => {
      await using door = await startDoor(ca, 'weaker', tlsText(`, client_auth_type: ${kind}${caFile}`));
      const ask = (options: AskOptions) => door.status(options).catch(() => 'refused');
      return [await ask({}), await ask(shown(foreign)), await ask(shown(client))];
    };
    const authority = ', client_ca_file: ca.pem';
    expect(await outcome('RequestClientCert')).toEqual([200, 200, 200]);
    expect(await outcome('RequireAnyClientCert')).toEqual(['refused', 200, 200]);
    expect(await outcome('VerifyClientCertIfGiven', authority)).toEqual([200, 'refused', 200]);
  });
});
