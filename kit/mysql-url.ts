import { readFileSync } from 'node:fs';
import type { SslOptions } from 'mysql2';
import { UsageError } from './errors.ts';

/** How a connection is protected, by the names that the clients of MySQL use. */
const sslModes = ['disabled', 'required', 'verify-ca', 'verify-identity'] as const;
export type SslMode = (typeof sslModes)[number];

/** What a URL such as `mysql://user:password@host:3306/mes?ssl-mode=verify-ca&ssl-ca=/etc/andon/ca.pem` says. */
export interface MysqlAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Undefined when the URL names none. */
  database: string | undefined;
  sslMode: SslMode;
  /** The file with the certificates of those who may vouch for the server; those that Node trusts when left out. */
  sslCa: string | undefined;
}

const parameters = ['ssl-mode', 'ssl-ca'];

/** Reads such a URL. Throws a UsageError that names what it does not understand, without the password. */
export function mysqlAddress(url: string): MysqlAddress {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  for (const name of searchParams.keys())
    if (!parameters.includes(name))
      throw wrong(`unknown parameter "${name}"`, `known are ${parameters.join(', ')}`);
  const sslCa = searchParams.get('ssl-ca') ?? undefined;
  const sslMode = modeOf(searchParams.get('ssl-mode'));
  if (sslCa !== undefined && !sslMode.startsWith('verify'))
    throw wrong(`ssl-ca is never looked at with ssl-mode=${sslMode}`, 'use verify-ca or verify-identity');
  return {
    host: decodeURIComponent(hostname.replace(/^\[(.*)\]$/, '$1')) || 'localhost',
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || undefined,
    sslMode,
    sslCa,
  };
}

function modeOf(text: string | null): SslMode {
  const mode = text === null ? 'disabled' : sslModes.find((one) => one === text.toLowerCase());
  if (mode === undefined) throw wrong(`unknown ssl-mode "${text}"`, `known are ${sslModes.join(', ')}`);
  return mode;
}

const wrong = (what: string, mend: string) => new UsageError('mysql.url', `${what}; ${mend}`, { mend });

/** What the driver makes of it; undefined for a connection without TLS. Reads the file of `ssl-ca`. */
export function sslOptions({ sslMode, sslCa }: MysqlAddress): SslOptions | undefined {
  switch (sslMode) {
    case 'disabled':
      return undefined;
    case 'required':
      return { rejectUnauthorized: false };
    case 'verify-ca':
    case 'verify-identity': {
      const ca = sslCa === undefined ? {} : { ca: readFileSync(sslCa, 'utf8') };
      return { rejectUnauthorized: true, verifyIdentity: sslMode === 'verify-identity', ...ca };
    }
  }
}
