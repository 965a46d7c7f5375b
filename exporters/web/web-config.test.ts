import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { InvalidFileError } from '../../kit/yaml-file.ts';
import { NamedFiles } from './named-files.ts';
import { type CertificateAuthority, createCertificateAuthority } from './testing/certificates.ts';
import { parseWebConfig, type WebConfig } from './web-config.ts';

const hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';
const testdata = fileURLToPath(new URL('testdata', import.meta.url));

function mistakes(folder: string, file: string, text: string): string[] {
  try {
    parseWebConfig(file, text, new NamedFiles(folder));
  } catch (error) {
    if (!(error instanceof InvalidFileError)) throw error;
    return error.problems.map(
      ({ line, column, message }) => `${line}:${column} ${message.replace(`${folder}/`, '')}`,
    );
  }
  return [];
}

describe('a web configuration with mistakes names them all', () => {
  it.each<[file: string, expected: string[]]>([
    [
      'invalid-keys.yaml',
      [
        '1:1 unknown key "tls_server_confg"; did you mean "tls_server_config"?',
        '5:5 http_server_config.headers: unknown key "Cache-Control"; known are Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection, Strict-Transport-Security',
        '6:22 http_server_config.headers.X-Frame-Options: must be deny or sameorigin',
        '7:1 unknown key "basic_auth_user"; did you mean "basic_auth_users"?',
        '8:21 bearer_token_files: must be: array; this is: string',
        '9:24 rate_limit.interval: "soon" is not a duration; write 100ms, 1s or 0',
        '9:37 rate_limit.burst: must be at least 1',
      ],
    ],
    [
      'invalid-users.yaml',
      [
        `2:15 basic_auth_users.prometheus: is not a bcrypt hash; make one with: htpasswd -nBC 10 "" | tr -d ':\\n'`,
        `3:12 basic_auth_users.grafana: is not a bcrypt hash; make one with: htpasswd -nBC 10 "" | tr -d ':\\n'`,
        '4:17 bearer_tokens.0: is shorter than 20 characters: it could be guessed',
      ],
    ],
    [
      'invalid-tls-values.yaml',
      [
        '3:13 tls_server_config.key_file: names no file',
        '4:21 tls_server_config.client_auth_type: must be one of NoClientCert, RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert',
        '5:16 tls_server_config.min_version: TLS10 is not offered any more (RFC 8996); write TLS12 or TLS13',
        '6:16 tls_server_config.max_version: must be TLS12 or TLS13',
        expect.stringMatching(
          /^8:7 tls_server_config.cipher_suites.0: is no cipher suite that can be used here; these can: TLS_ECDHE_ECDSA/,
        ),
        '9:23 tls_server_config.curve_preferences.0: is no curve that can be used here; these can: CurveP256, CurveP384, CurveP521, X25519',
        '11:10 http_server_config.http2: this exporter speaks HTTP/1.1; write false, or leave the key out',
      ],
    ],
    [
      'invalid-tls-fields.yaml',
      [
        '2:3 tls_server_config: key_file is missing: TLS needs a private key',
        '3:14 tls_server_config.cert_file: is given beside cert; leave one of them out',
        '4:19 tls_server_config.client_ca_file: has no effect without client_auth_type; write RequireAndVerifyClientCert there',
        "4:19 tls_server_config.client_ca_file: ca.pem cannot be read: ENOENT: no such file or directory, open 'ca.pem'",
        '5:24 tls_server_config.client_allowed_sans: needs client_auth_type RequireAndVerifyClientCert',
        '6:16 tls_server_config.min_version: TLS13 is above max_version TLS12',
      ],
    ],
    [
      'invalid-files.yaml',
      [
        "2:14 tls_server_config.cert_file: nowhere.pem cannot be read: ENOENT: no such file or directory, open 'nowhere.pem'",
        '4:21 tls_server_config.client_auth_type: VerifyClientCertIfGiven needs client_ca_file',
        "6:5 bearer_token_files.0: nothing-here cannot be read: ENOENT: no such file or directory, open 'nothing-here'",
        '7:5 bearer_token_files.1: the token in short-token is shorter than 20 characters: it could be guessed',
      ],
    ],
    [
      'invalid-material.yaml',
      [
        '2:14 tls_server_config.cert_file: holds no certificate in PEM format',
        '3:13 tls_server_config.key_file: holds no private key in PEM format without a passphrase',
        '4:19 tls_server_config.client_ca_file: holds no certificate in PEM format',
      ],
    ],
    ['invalid-empty.yaml', ['1:1 is not a web configuration; write {} for neither TLS nor authentication']],
    ['invalid-syntax.yaml', ['4:1 Missing closing "quote']],
  ])('%s', (file, expected) => {
    const found = mistakes(testdata, file, readFileSync(path.join(testdata, file), 'utf8'));
    expect(found).toEqual(expected);
    expect(found.join()).not.toContain('plain password');
  });
});

describe('a web configuration', () => {
  let ca: CertificateAuthority;
  beforeAll(async () => {
    ca = await createCertificateAuthority();
    await ca.issue('server', 'DNS:localhost');
    await ca.issue('other', 'DNS:localhost');
  });
  afterAll(() => ca?.[Symbol.asyncDispose]());
  const parse = (text: string): WebConfig => parseWebConfig('web.yaml', text, new NamedFiles(ca.folder));

  const whole = `
tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
  curve_preferences: [CurveP256, X25519]
http_server_config:
  http2: false
  headers: {X-Frame-Options: deny, Strict-Transport-Security: ''}
basic_auth_users:
  prometheus: ${hash}
`;
  // The promtool of Debian 12 does not know these two yet.
  const newer = `${whole.replace('min_version', 'client_allowed_sans: [prometheus.plant]\n  min_version')}
rate_limit: {interval: 100ms, burst: 5}`;

  it('is read as exporter-toolkit reads it, which promtool confirms', async () => {
    expect(parse(newer)).toMatchObject({
      tls: {
        clientAuth: 'RequireAndVerifyClientCert',
        allowedNames: ['prometheus.plant'],
        context: {
          minVersion: 'TLSv1.2',
          maxVersion: 'TLSv1.3',
          ecdhCurve: 'prime256v1:X25519',
          ca: ca.cert,
        },
      },
      headers: { 'X-Frame-Options': 'deny' },
      users: new Map([['prometheus', hash]]),
      tokens: [],
      rateLimit: { intervalMs: 100, burst: 5 },
    });
    expect(parse(newer).tls?.context.ciphers).toMatch(/^TLS_.*:ECDHE-ECDSA-AES128-GCM-SHA256$/);
    const file = path.join(ca.folder, 'web.yaml');
    await writeFile(file, whole);
    expect((await runChecker('promtool', ['check', 'web-config', file])).output).toMatch(/SUCCESS/);
    await writeFile(file, whole.replace('cert_file', 'cert_fil'));
    expect((await runChecker('promtool', ['check', 'web-config', file])).ok).toBe(false);
  });

  it('stands in the document as it can be used, and so does what Prometheus is told', async () => {
    const document = await readFile(new URL('../../docs/exporters/web.md', import.meta.url), 'utf8');
    const examples = [...document.matchAll(/```text\n(.*?)```/gs)].map(([, text]) => text ?? '');
    const [prometheus = '', web = ''] = examples;
    expect(examples).toHaveLength(2);
    expect(parse(web).users.size).toBe(1);
    const file = path.join(ca.folder, 'prometheus.yml');
    await writeFile(file, prometheus);
    expect((await runChecker('promtool', ['check', 'config', file])).output).toMatch(/SUCCESS/);
  });

  it('takes a key only with its certificate', () => {
    const tls = (key: string) => `tls_server_config: {cert_file: server.pem, key_file: ${key}}\n`;
    expect(mistakes(ca.folder, 'web.yaml', tls('other.key'))).toEqual([
      '1:54 tls_server_config.key_file: this key does not belong to the certificate',
    ]);
    expect(mistakes(ca.folder, 'web.yaml', tls('server.key'))).toEqual([]);
  });

  it('takes certificate and key within the file, tokens from it and from files, and 0 for no rate limit', async () => {
    const { cert, key } = await ca.issue('inline', 'DNS:localhost');
    await writeFile(path.join(ca.folder, 'token'), 'a token that is long enough\n');
    const config = parse(`
tls_server_config: ${JSON.stringify({ cert, key })}
bearer_tokens: [another one that is long enough]
bearer_token_files: [token]
rate_limit: {interval: 0, burst: 1}
`);
    expect(config.tls?.context).toMatchObject({ cert, key, ca: [] });
    expect(config.tokens).toEqual(['another one that is long enough', 'a token that is long enough']);
    expect(config.rateLimit).toBeUndefined();
  });

  it('may say that there is nothing to keep', () => {
    expect(parse('{}')).toEqual({ headers: {}, users: new Map(), tokens: [] });
  });
});
