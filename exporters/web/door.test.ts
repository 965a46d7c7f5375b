import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hash } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../kit/errors.ts';
import { silentLog } from '../../kit/log.ts';
import { exporterSection } from '../config.ts';
import { startExporter } from '../server.ts';
import { ask } from './testing/ask.ts';
import { type CertificateAuthority, createCertificateAuthority } from './testing/certificates.ts';
import { startDoor, tlsText } from './testing/door.ts';

const token = 'a-token-that-nobody-guesses';
const locked = ['/metrics', '/probe?target=mes-db', '/sd', '/', '/nowhere', '/heartbeats'];

let ca: CertificateAuthority;
let passwordHash: string;
beforeAll(async () => {
  ca = await createCertificateAuthority();
  await ca.issue('server', 'DNS:localhost', 'IP:127.0.0.1');
  passwordHash = await hash('right:password', 4);
});
afterAll(() => ca?.[Symbol.asyncDispose]());

const file = (name: string) => path.join(ca.folder, name);
const users = (hashed = passwordHash) => `basic_auth_users: {prometheus: ${hashed}}\n`;

describe('with a password', () => {
  it('nobody reads anything without the right one, and health needs none', async () => {
    await using door = await startDoor(ca, 'password', users());
    for (const at of locked) {
      expect(await door.status({}, at), at).toBe(401);
      expect(await door.status({ method: 'POST' }, at), at).toBe(401);
    }
    for (const user of ['prometheus:wrong', 'prometheus:', 'nobody:right:password', 'right:password', ''])
      expect(await door.status({ user }), user).toBe(401);
    for (const authorization of ['Basic', 'Basic ???', 'Digest x', `Bearer ${passwordHash}`])
      expect(await door.status({ headers: { authorization } }), authorization).toBe(401);
    expect(await door.status({ user: 'prometheus:right:password' })).toBe(200);
    expect(await door.status({ user: 'prometheus:right:password' }, '/heartbeats')).toBe(200);
    for (const open of ['/-/healthy', '/-/ready']) expect(await door.status({}, open)).toBe(200);
    const { headers, body } = await ask(`${door.server.url}/sd`);
    expect(headers['www-authenticate']).toBe('Basic realm="andon", charset="UTF-8"');
    expect(body).toBe('not without password or token\n');
  });

  it('another one counts from the next request on, and the old one no longer', async () => {
    await using door = await startDoor(ca, 'renewed', users());
    const old = { user: 'prometheus:right:password' };
    expect(await door.status(old)).toBe(200);
    await door.write(users(await hash('next', 4)));
    expect(await door.status(old)).toBe(401);
    expect(await door.status({ user: 'prometheus:next' })).toBe(200);
  });

  it.each([
    ['text that is no YAML', 'rate_limit: "', 'broken.yaml has 1 mistake:'],
    ['nothing', '', 'is not a web configuration; write {}'],
    ['no users', '{}', 'authentication cannot be switched off while it runs; restart the exporter for that'],
    ['TLS', tlsText(), 'TLS cannot be switched on while it runs; restart the exporter for that'],
  ])('a new version with %s is not taken and said once', async (_what, text, reason) => {
    await using door = await startDoor(ca, 'broken', users());
    await door.write(text);
    for (let times = 0; times < 3; times += 1) {
      expect(await door.status()).toBe(401);
      expect(await door.status({ user: 'prometheus:right:password' })).toBe(200);
    }
    expect(door.failures()).toEqual([expect.stringContaining(reason)]);
    expect(door.failures().join()).not.toContain(passwordHash);
    await door.write(`${users()}bearer_tokens: [${token}]\n`);
    expect(await door.status({ bearer: token })).toBe(200);
    await rm(file('broken.yaml'));
    expect(await door.status({ bearer: token })).toBe(200);
    expect(door.failures()).toHaveLength(2);
  });
});

describe('with bearer tokens', () => {
  it('the tokens of the list and of the files are good, also one that is replaced', async () => {
    await writeFile(file('token'), `${token}-of-the-file\n`);
    await using door = await startDoor(
      ca,
      'bearer',
      `bearer_tokens: [${token}]\nbearer_token_files: [token]\n`,
    );
    expect(await door.status()).toBe(401);
    expect(await door.status({ bearer: `${token}x` })).toBe(401);
    expect(await door.status({ user: `prometheus:${token}` })).toBe(401);
    expect(await door.status({ bearer: token })).toBe(200);
    expect(await door.status({ bearer: `${token}-of-the-file` })).toBe(200);
    await writeFile(file('token'), `${token}-of-tomorrow\n`);
    expect(await door.status({ bearer: `${token}-of-the-file` })).toBe(401);
    expect(await door.status({ bearer: `${token}-of-tomorrow` })).toBe(200);
    const { headers } = await ask(`${door.server.url}/sd`);
    expect(headers['www-authenticate']).toBe('Bearer realm="andon"');
  });
});

describe('with headers and a rate limit', () => {
  it('every answer has the headers, and what comes too fast gets 429 but for health', async () => {
    const text = `http_server_config: {headers: {X-Frame-Options: deny}}\nrate_limit: {interval: 1h, burst: 2}\n`;
    await using door = await startDoor(ca, 'limited', text);
    expect([await door.status(), await door.status(), await door.status()]).toEqual([200, 200, 429]);
    const { status, headers } = await ask(`${door.server.url}/-/healthy`);
    expect([status, headers['x-frame-options']]).toEqual([200, 'deny']);
  });
});

describe('an exporter', () => {
  const start = (webConfig: string) =>
    startExporter({
      config: exporterSection.parse({ listen: '127.0.0.1:0', web_config: webConfig }),
      targets: {},
      version: '0.0.0',
      log: silentLog,
    });

  it('serves with the web configuration that andon.yaml names', async () => {
    await writeFile(file('whole.yaml'), tlsText() + users());
    await using exporter = await start(file('whole.yaml'));
    const at = `${exporter.url}/metrics`;
    expect((await ask(at, { ca: ca.cert })).status).toBe(401);
    expect((await ask(at, { ca: ca.cert, user: 'prometheus:right:password' })).body).toContain('process_cpu');
  });

  it('does not start with one that has mistakes or is not there', async () => {
    await writeFile(file('mistakes.yaml'), 'basic_auth_users: {a: plain}\nratelimit: {}\n');
    const mistakes = await start(file('mistakes.yaml')).catch((error: unknown) => error);
    expect(mistakes).toBeInstanceOf(UsageError);
    expect(String(mistakes)).toContain('has 2 mistakes:');
    const missing = await start(file('missing.yaml')).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(UsageError);
    expect(String(missing)).toContain('exporter.web_config: missing.yaml cannot be read: ENOENT');
  });
});
