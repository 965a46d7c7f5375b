import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A certificate and its key, as files and as text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** A folder with a certificate authority that nobody else knows. */
export interface CertificateAuthority extends AsyncDisposable, Certificate {
  readonly folder: string;
  /** A certificate for names such as `DNS:localhost` or `IP:127.0.0.1`, in `<file>.pem` and `<file>.key`. */
  issue(file: string, ...names: string[]): Promise<Certificate>;
}

const shape = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const folder = await mkdtemp(path.join(tmpdir(), 'andon-certificates-'));
  // Without what the computer's own openssl.cnf would add.
  await writeFile(path.join(folder, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
  const request = async (file: string, ...args: string[]): Promise<Certificate> => {
    const certFile = path.join(folder, `${file}.pem`);
    const keyFile = path.join(folder, `${file}.key`);
    const config = path.join(folder, 'openssl.cnf');
    const out = ['-config', config, '-keyout', keyFile, '-out', certFile, '-subj', `/CN=${file}`];
    await promisify(execFile)('openssl', ['req', '-x509', ...shape, ...out, ...args]);
    return {
      certFile,
      keyFile,
      cert: await readFile(certFile, 'utf8'),
      key: await readFile(keyFile, 'utf8'),
    };
  };
  const ca = await request('ca', '-addext', 'basicConstraints=critical,CA:TRUE');
  return {
    ...ca,
    folder,
    issue: (file, ...names) =>
      request(file, '-CA', ca.certFile, '-CAkey', ca.keyFile, '-addext', `subjectAltName=${names.join(',')}`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
