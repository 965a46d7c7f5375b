import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../../exporters/web/testing/certificates.ts';
import { freePorts } from '../../../kit/ports.ts';
import { createChannel, receiverSchema } from './registry.ts';
import { testTools } from './testing/channel-tools.ts';
import { type MailServer, mailUser, startMailServer } from './testing/mail-server.ts';
import { blockedDatabase, messageOf, silentDevice } from './testing/messages.ts';

const usualAuthorities = getCACertificates('default');
let owned: AsyncDisposableStack;
let upgrading: MailServer;
let encrypted: MailServer;
let misnamed: MailServer;
let open: MailServer;

beforeAll(async () => {
  owned = new AsyncDisposableStack();
  const authority = owned.use(await createCertificateAuthority());
  const right = await authority.issue('right', 'IP:127.0.0.1');
  const strange = await authority.issue('strange', 'DNS:elsewhere.example');
  upgrading = owned.use(await startMailServer({ cert: right.cert, key: right.key }));
  encrypted = owned.use(await startMailServer({ cert: right.cert, key: right.key, secure: true }));
  misnamed = owned.use(await startMailServer({ cert: strange.cert, key: strange.key }));
  open = owned.use(await startMailServer({ disabledCommands: ['STARTTLS', 'AUTH'] }));
  owned.defer(() => setDefaultCACertificates(usualAuthorities));
  setDefaultCACertificates([...usualAuthorities, authority.cert]);
});
afterAll(() => owned.disposeAsync());
beforeEach(() => {
  for (const { mails } of [upgrading, encrypted, misnamed, open]) mails.length = 0;
});

async function send(
  more: Record<string, unknown>,
  message = messageOf([blockedDatabase()]),
  signal = new AbortController().signal,
) {
  const receiver = receiverSchema.parse({
    name: 'office',
    kind: 'email',
    host: '127.0.0.1',
    from: 'andon@plant.example',
    to: ['shift@plant.example'],
    ...more,
  });
  const tools = testTools();
  const result = await createChannel(receiver, tools).send(message, signal);
  const written = JSON.stringify(result) + tools.logged.join();
  expect(written).not.toContain(mailUser.password);
  return { ...result, logged: tools.logged.join() };
}

/** The value of a header, unfolded. */
const header = (mail: string | undefined, name: string): string | undefined =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(mail ?? '')?.[1]?.replaceAll(/\r\n\s+/g, ' ');

describe('a mail', () => {
  it('comes encrypted and with a password, as text and as HTML', async () => {
    expect(await send({ port: upgrading.port, ...mailUser })).toMatchObject({ outcome: 'delivered' });
    const [mail] = upgrading.mails;
    expect(header(mail, 'Subject')).toBe('[A] MesDatabaseBlocked mes-db');
    expect(header(mail, 'Auto-Submitted')).toBe('auto-generated');
    expect(mail).toMatch(/content-type: text\/plain.*content-type: text\/html/is);
    expect(upgrading.encrypted).toEqual([true]);
  });

  it('comes over a connection that is encrypted from the start', async () => {
    expect(await send({ port: encrypted.port, encryption: 'tls' })).toMatchObject({ outcome: 'delivered' });
  });

  it('comes in the open only where andon.yaml says so', async () => {
    expect(await send({ port: open.port })).toMatchObject({
      outcome: 'retry',
      reason: expect.stringMatching(/STARTTLS/i),
    });
    expect(open.mails).toEqual([]);
    expect(await send({ port: open.port, encryption: 'none' })).toMatchObject({ outcome: 'delivered' });
  });

  it('has the same Message-ID in each attempt, and belongs to the others about its alert', async () => {
    const to = { port: open.port, encryption: 'none' };
    await send(to);
    await send(to);
    await send(to, { ...messageOf([blockedDatabase({ event: 'resolved' })]), id: 'another' });
    await send(to, { ...messageOf([silentDevice('B', 1)]), id: 'a third' });
    const [first, again, resolved, other] = open.mails.map((mail) => ({
      id: header(mail, 'Message-ID'),
      references: header(mail, 'References'),
    }));
    expect(again).toEqual(first);
    expect(first?.id).toMatch(/^<message-[0-9a-f]{32}@plant\.example>$/);
    expect(resolved?.id).not.toBe(first?.id);
    expect(resolved?.references).toBe(first?.references);
    expect(other?.references).not.toBe(first?.references);
  });

  it('has no header of its own from a label', async () => {
    const evil = blockedDatabase({
      alert: { labels: { alertname: 'X\r\nBcc: evil@example.com\r\n\r\nhello', target: 'a\nb' } },
    });
    await send({ port: open.port, encryption: 'none' }, messageOf([evil]));
    expect(header(open.mails[0], 'Subject')).toBe('[A] X Bcc: evil@example.com hello a b');
    expect(header(open.mails[0], 'Bcc')).toBeUndefined();
  });
});

describe('a mail server', () => {
  it('with the certificate of another is not trusted', async () => {
    expect(await send({ port: misnamed.port, ...mailUser })).toMatchObject({
      outcome: 'retry',
      reason: expect.stringContaining("does not match certificate's altnames"),
    });
    expect(misnamed.mails).toEqual([]);
  });

  it.each([
    ['450-busy@plant.example', 'retry'],
    ['550-nobody@plant.example', 'refused'],
  ])('that does not take %s: %s', async (address, outcome) => {
    expect(await send({ port: open.port, encryption: 'none', to: [address] })).toMatchObject({
      outcome,
      reason: expect.stringContaining('not for this address'),
    });
  });

  it('that takes it for one of two has delivered, and the log names the other', async () => {
    const to = ['shift@plant.example', '550-nobody@plant.example'];
    expect(await send({ port: open.port, encryption: 'none', to })).toMatchObject({
      outcome: 'delivered',
      logged: expect.stringContaining('"rejected":["550-nobody@plant.example"]'),
    });
  });

  it('that refuses the password is named with its answer, without the password', async () => {
    const password = 'not-the-password';
    const result = await send({ port: upgrading.port, user: 'andon', password });
    expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('535') });
    expect(JSON.stringify(result)).not.toContain(password);
  });

  it('that does not listen is tried again', async () => {
    const [port] = await freePorts(1);
    expect(await send({ port })).toMatchObject({
      outcome: 'retry',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('that says nothing is left with the signal', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const giveUp = new AbortController();
    const result = send({ port: (silent.address() as AddressInfo).port }, undefined, giveUp.signal);
    await expect.poll(() => sockets.length, { timeout: 20_000 }).toBe(1);
    giveUp.abort();
    expect(await result).toMatchObject({ outcome: 'retry', reason: 'no answer in time' });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});
