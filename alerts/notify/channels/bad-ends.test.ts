import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../exporters/web/testing/certificates.ts';
import { listen } from '../../../kit/http-server.ts';
import { freePorts } from '../../../kit/ports.ts';
import { createChannel, type Receiver, receiverSchema } from './registry.ts';
import { testTools } from './testing/channel-tools.ts';
import { blockedDatabase, messageOf } from './testing/messages.ts';
import { type OddServer, startOddServer } from './testing/odd-server.ts';
import { dingtalkAt, robotSecrets, wecomAt } from './testing/robot-receivers.ts';

let odd: OddServer;
let authority: CertificateAuthority;
const usualAuthorities = getCACertificates('default');

beforeAll(async () => {
  odd = await startOddServer();
  authority = await createCertificateAuthority();
});
afterAll(async () => {
  setDefaultCACertificates(usualAuthorities);
  await Promise.all([odd[Symbol.asyncDispose](), authority[Symbol.asyncDispose]()]);
});

const webhookAt = (url: string): Receiver =>
  receiverSchema.parse({ name: 'shift', kind: 'webhook', url, token: 'bearer-of-nobody' });
const kinds: readonly [string, (url: string) => Receiver][] = [
  ['wecom', wecomAt],
  ['dingtalk', dingtalkAt],
  ['webhook', webhookAt],
];
const robots = kinds.slice(0, 2);
const never = () => new AbortController().signal;

async function send(receiver: Receiver, signal: AbortSignal) {
  const tools = testTools();
  const result = await createChannel(receiver, tools).send(messageOf([blockedDatabase()]), signal);
  const written = JSON.stringify(result) + tools.logged.join();
  for (const secret of [...Object.values(robotSecrets), 'bearer-of-nobody'])
    expect(written).not.toContain(secret);
  return result;
}

describe.each(kinds)('%s', (_kind, receiverAt) => {
  it('is tried again when nobody listens', async () => {
    const [port] = await freePorts(1);
    expect(await send(receiverAt(`http://127.0.0.1:${port}/robot`), never())).toEqual({
      outcome: 'retry',
      reason: expect.stringContaining(`ECONNREFUSED 127.0.0.1:${port}`),
    });
  });

  it('gives up with the signal when the other end takes the message and never answers', async () => {
    const giveUp = new AbortController();
    const path = `/silent/${crypto.randomUUID()}`;
    const result = send(receiverAt(odd.url + path), giveUp.signal);
    await expect
      .poll(() => odd.asked.some((asked) => asked.startsWith(path)), { timeout: 20_000 })
      .toBe(true);
    giveUp.abort();
    expect(await result).toEqual({ outcome: 'retry', reason: 'no answer in time' });
  });

  it('is tried again when the connection is cut', async () => {
    expect(await send(receiverAt(`${odd.url}/cut`), never())).toMatchObject({ outcome: 'retry' });
  });

  it('follows no redirect', async () => {
    expect(await send(receiverAt(`${odd.url}/redirect`), never())).toEqual({
      outcome: 'retry',
      reason: expect.stringContaining('it answers 307, which leads elsewhere and is not followed'),
    });
    expect(odd.asked.filter((path) => path.startsWith('/taken'))).toEqual([]);
  });

  it('is tried again when its certificate is for another name, or from nobody we know', async () => {
    const strange = await authority.issue('strange', 'DNS:elsewhere.example');
    await using server = await tlsServer(strange);
    const receiver = receiverAt(`${server.url}/robot`);
    setDefaultCACertificates(usualAuthorities);
    expect(await send(receiver, never())).toMatchObject({
      outcome: 'retry',
      reason: expect.stringContaining('certificate'),
    });
    setDefaultCACertificates([...usualAuthorities, authority.cert]);
    expect(await send(receiver, never())).toEqual({
      outcome: 'retry',
      reason: expect.stringContaining("does not match certificate's altnames"),
    });
  });

  it('is delivered over TLS when the certificate is right', async () => {
    setDefaultCACertificates([...usualAuthorities, authority.cert]);
    await using server = await tlsServer(await authority.issue('right', 'IP:127.0.0.1'));
    expect(await send(receiverAt(`${server.url}/robot`), never())).toEqual({ outcome: 'delivered' });
  });
});

const tlsServer = (certificate: { cert: string; key: string }) =>
  listen(
    (_request, response) => response.end('{"errcode":0}'),
    { host: '127.0.0.1', port: 0 },
    {
      context: () => certificate,
      requestCert: false,
      rejectUnauthorized: false,
      admits: () => true,
    },
  );

describe.each(robots)('%s', (_kind, receiverAt) => {
  it.each(['html', 'garbage', 'empty', 'other-json', 'endless', 'unavailable', 'too-many', 'gone'])(
    'is not taken for the robot when it answers with /%s',
    async (oddity) => {
      expect(await send(receiverAt(`${odd.url}/${oddity}`), never())).toEqual({
        outcome: 'retry',
        reason: expect.stringMatching(/instead of an errcode: something else than the robot answers$/),
      });
    },
  );

  it('gives up with the signal when an answer does not end', async () => {
    const giveUp = new AbortController();
    const path = `/silent-after-headers/${crypto.randomUUID()}`;
    const result = send(receiverAt(odd.url + path), giveUp.signal);
    await expect
      .poll(() => odd.asked.some((asked) => asked.startsWith(path)), { timeout: 20_000 })
      .toBe(true);
    giveUp.abort();
    expect(await result).toEqual({ outcome: 'retry', reason: 'no answer in time' });
  });
});

describe('a webhook', () => {
  it.each([
    ['html', { outcome: 'delivered' }],
    ['endless', { outcome: 'delivered' }],
    ['silent-after-headers', { outcome: 'delivered' }],
    ['unavailable', { outcome: 'retry', reason: 'it answers 503: busy', afterMs: 7000 }],
    ['too-many', { outcome: 'retry', reason: 'it answers 429', afterMs: 90_000 }],
    ['timeout', { outcome: 'retry', reason: 'it answers 408' }],
    ['early', { outcome: 'retry', reason: 'it answers 425' }],
    [
      'gone/services/T00000000/B0000secret',
      { outcome: 'refused', reason: 'it answers 410: there is no /gone/[secret]/[secret]/[secret]' },
    ],
  ])('that answers with /%s', async (oddity, result) => {
    expect(await send(webhookAt(`${odd.url}/${oddity}`), never())).toEqual(result);
  });
});
