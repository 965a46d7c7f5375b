import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestMariadb, type TestMariadb } from '../lab/testing/mariadb.ts';
import { connectMysql } from './mysql.ts';
import { mysqlAddress } from './mysql-url.ts';

describe('A URL of MySQL', () => {
  it('says whom to ask, as whom, and how the way there is protected.', () => {
    const url = 'mysql://an%40don:p%2Fw@[::1]:3307/mes-db?ssl-mode=VERIFY-CA&ssl-ca=%2Fetc%2Fca.pem';
    expect(mysqlAddress(url)).toEqual({
      host: '::1',
      port: 3307,
      user: 'an@don',
      password: 'p/w',
      database: 'mes-db',
      sslMode: 'verify-ca',
      sslCa: '/etc/ca.pem',
    });
    expect(mysqlAddress('mariadb://db')).toMatchObject({
      host: 'db',
      port: 3306,
      database: undefined,
      sslMode: 'disabled',
    });
  });

  it.each([
    [
      'ssl-mode=preferred',
      'unknown ssl-mode "preferred"; known are disabled, required, verify-ca, verify-identity',
    ],
    ['ssl=true', 'unknown parameter "ssl"; known are ssl-mode, ssl-ca'],
    ['ssl-ca=/ca.pem', 'ssl-ca is never looked at with ssl-mode=disabled; use verify-ca or verify-identity'],
  ])('with "%s" is refused.', (query, message) => {
    expect(() => mysqlAddress(`mysql://a:secret@db/mes?${query}`)).toThrow(
      expect.objectContaining({ code: 'mysql.url', message }),
    );
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-mysql-tls-'));
  const file = (name: string) => path.join(folder, name);
  let server: TestMariadb;

  /** A certificate that vouches for itself. */
  function makeCertificate(name: string, altName: string): void {
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      file(`${name}.key`),
    ];
    const shape = ['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${altName}`];
    execFileSync('openssl', ['req', '-x509', ...key, '-out', file(`${name}.pem`), ...shape], {
      stdio: 'ignore',
    });
    // The server is another user.
    chmodSync(file(`${name}.key`), 0o644);
  }

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    makeCertificate('server', 'DNS:localhost');
    makeCertificate('other', 'DNS:localhost');
    const settings = { 'ssl-cert': file('server.pem'), 'ssl-key': file('server.key') };
    server = await startTestMariadb({ settings });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function protocol(host: string, mode: string, ca?: string): Promise<string> {
    const url = Object.assign(new URL(server.url()), { hostname: host });
    url.searchParams.set('ssl-mode', mode);
    if (ca !== undefined) url.searchParams.set('ssl-ca', file(`${ca}.pem`));
    const connection = await connectMysql({
      url: url.href,
      applicationName: 'test',
      connectTimeoutMs: 10_000,
    });
    const [rows] = await connection.query("SHOW SESSION STATUS LIKE 'Ssl_version'");
    connection.destroy();
    return String((rows as { Value: string }[])[0]?.Value);
  }

  it('is used as the URL says.', async () => {
    expect(await protocol('127.0.0.1', 'disabled')).toBe('');
    expect(await protocol('127.0.0.1', 'required')).toMatch(/^TLS/);
    expect(await protocol('127.0.0.1', 'verify-ca', 'server')).toMatch(/^TLS/);
    expect(await protocol('localhost', 'verify-identity', 'server')).toMatch(/^TLS/);
  });

  it.each([
    [
      'a name that is not in the certificate',
      '127.0.0.1',
      'verify-identity',
      'server',
      /does not match certificate.*127\.0\.0\.1/,
    ],
    [
      'a certificate for which nobody vouches',
      'localhost',
      'verify-ca',
      'other',
      /self-signed|unable to verify/,
    ],
    [
      'a certificate for which nobody known vouches',
      'localhost',
      'verify-identity',
      undefined,
      /self-signed/,
    ],
  ])('refuses %s.', async (_what, host, mode, ca, reason) => {
    await expect(protocol(host, mode, ca)).rejects.toThrow(reason);
  });

  it('is refused by a server that has none, and required means required.', async () => {
    await using plain = await startTestMariadb();
    const url = `${plain.url()}?ssl-mode=required`;
    await expect(connectMysql({ url, applicationName: 'test' })).rejects.toThrow(
      /does not support secure connection/,
    );
  });
});
