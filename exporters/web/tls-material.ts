import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { messageOf } from '../../kit/errors.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';
import type { NamedFiles } from './named-files.ts';
import { cipherSuites, curves, type TlsServerConfig } from './web-config-schema.ts';

type Key = keyof TlsServerConfig;
type Complain = (key: Key | undefined, message: string) => undefined;

/** Reads what `tls_server_config` names and puts it as Node wants it; undefined, and a problem for each mistake, when it is not right. */
export function tlsMaterial(
  config: TlsServerConfig,
  files: NamedFiles,
  problems: ExtraProblem[],
): SecureContextOptions | undefined {
  const complain: Complain = (key, message) => {
    problems.push({ path: ['tls_server_config', ...(key === undefined ? [] : [key])], message });
    return undefined;
  };
  const before = problems.length;
  checkFields(config, complain);
  const certificate = pemOf('cert', 'a certificate', config, files, complain);
  const key = pemOf('key', 'a private key', config, files, complain);
  const clientCa = clientCaOf(config, files, complain);
  if (certificate !== undefined && key !== undefined) checkPair(config, certificate, key, complain);
  if (problems.length > before) return undefined;
  const context = contextOf(config, { cert: certificate, key, ca: clientCa });
  try {
    createSecureContext(context);
    return context;
  } catch (error) {
    return complain(undefined, `OpenSSL does not accept it: ${messageOf(error)}`);
  }
}

function checkFields(config: TlsServerConfig, complain: Complain): void {
  const { min_version, max_version, client_auth_type, client_allowed_sans } = config;
  if (min_version > max_version)
    complain('min_version', `${min_version} is above max_version ${max_version}`);
  const hasCa = config.client_ca_file !== undefined || config.client_ca !== undefined;
  if (hasCa && client_auth_type === 'NoClientCert')
    complain(
      config.client_ca_file === undefined ? 'client_ca' : 'client_ca_file',
      'has no effect without client_auth_type; write RequireAndVerifyClientCert there',
    );
  if (!hasCa && client_auth_type.includes('Verify'))
    complain('client_auth_type', `${client_auth_type} needs client_ca_file`);
  if (client_allowed_sans && !client_auth_type.startsWith('Require'))
    complain('client_allowed_sans', 'needs client_auth_type RequireAndVerifyClientCert');
}

/** The text of `cert` or of `cert_file`. Which of the two is given is nobody's business but this function's. */
function pemOf(
  name: 'cert' | 'key' | 'client_ca',
  what: string,
  config: TlsServerConfig,
  files: NamedFiles,
  complain: Complain,
): string | undefined {
  const inline = config[name];
  const file = config[`${name}_file`];
  if (inline !== undefined && file !== undefined)
    return complain(`${name}_file`, `is given beside ${name}; leave one of them out`);
  if (inline !== undefined) return inline;
  if (file === undefined) return complain(undefined, `${name}_file is missing: TLS needs ${what}`);
  try {
    return files.read(file);
  } catch (error) {
    return complain(`${name}_file`, messageOf(error));
  }
}

function clientCaOf(config: TlsServerConfig, files: NamedFiles, complain: Complain): string | undefined {
  if (config.client_ca === undefined && config.client_ca_file === undefined) return undefined;
  const pem = pemOf('client_ca', 'it', config, files, complain);
  if (pem !== undefined) certificateIn(pem, keyUsed('client_ca', config), complain);
  return pem;
}

const keyUsed = (name: 'cert' | 'key' | 'client_ca', config: TlsServerConfig): Key =>
  config[name] === undefined ? `${name}_file` : name;

function checkPair(config: TlsServerConfig, cert: string, key: string, complain: Complain): void {
  const certificate = certificateIn(cert, keyUsed('cert', config), complain);
  const privateKey = privateKeyIn(key, keyUsed('key', config), complain);
  if (certificate === undefined || privateKey === undefined) return;
  if (!certificate.checkPrivateKey(privateKey))
    complain(keyUsed('key', config), 'this key does not belong to the certificate');
}

function certificateIn(pem: string, key: Key, complain: Complain): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return complain(key, 'holds no certificate in PEM format');
  }
}

function privateKeyIn(pem: string, key: Key, complain: Complain): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return complain(key, 'holds no private key in PEM format without a passphrase');
  }
}

const versions = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;
const tls13Suites = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

function contextOf(
  config: TlsServerConfig,
  { cert, key, ca }: { cert: string | undefined; key: string | undefined; ca: string | undefined },
): SecureContextOptions {
  const chosen = config.cipher_suites.flatMap((name) => cipherSuites[name] ?? []);
  const preferred = config.curve_preferences.map((name) => curves[name]);
  return {
    cert,
    key,
    // Without one, Node would take the CAs that browsers trust: anybody can get a certificate from those.
    ca: ca ?? [],
    minVersion: versions[config.min_version],
    maxVersion: versions[config.max_version],
    honorCipherOrder: config.prefer_server_cipher_suites,
    ...(chosen.length === 0 ? {} : { ciphers: [...tls13Suites, ...chosen].join(':') }),
    ...(preferred.length === 0 ? {} : { ecdhCurve: preferred.join(':') }),
  };
}
