import { Socket } from 'node:net';
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2';
import type { Connection as PromiseConnection } from 'mysql2/promise';
import { messageOf, UnavailableError } from './errors.ts';
import { mysqlAddress, sslOptions } from './mysql-url.ts';

export interface MysqlSession {
  /** As `mysqlAddress` reads it. */
  url: string;
  /** Known to the server as `program_name`, so that a person can tell whose session this is. */
  applicationName: string;
  connectTimeoutMs?: number;
  /** The connection is made over this one, so that the caller can destroy it; a new one when left out. */
  socket?: Socket;
}

/** The settings of a `mysql2` connection for such a session. */
export function mysqlSettings(session: MysqlSession): ConnectionOptions {
  const { url, applicationName, connectTimeoutMs = 3000, socket = new Socket() } = session;
  const address = mysqlAddress(url);
  const { host, port, user, password, database } = address;
  const ssl = sslOptions(address);
  return {
    host,
    port,
    user,
    password,
    ...(database === undefined ? {} : { database }),
    ...(ssl === undefined ? {} : { ssl }),
    stream: () => named(socket.connect(port, host).setNoDelay(true).setKeepAlive(true), host),
    connectTimeout: connectTimeoutMs,
    connectAttributes: { program_name: applicationName },
    // A number as long as it is exact, and text beyond.
    supportBigNumbers: true,
    // A server must not ask for files of this computer.
    flags: ['-LOCAL_FILES'],
  };
}

/**
 * Tells TLS whom the socket was meant for. Node notes that itself for a name, but not for an IP address, and then it would
 * compare the certificate with "localhost".
 */
const named = (socket: Socket, host: string): Socket => Object.assign(socket, { _host: host });

/** One connected session. A connection that is lost later only fails the next query: it never ends the process. */
export async function connectMysql(session: MysqlSession): Promise<PromiseConnection> {
  return (await openMysql(session)).promise();
}

/** The same, as what the driver streams rows with. */
export async function openMysql(session: MysqlSession): Promise<Connection> {
  const { url, socket = new Socket() } = session;
  socket.once('data', (bytes) => {
    if (!speaksMysql(bytes)) socket.destroy(new Error('what answers there is not MySQL'));
  });
  try {
    const connection = createConnection(mysqlSettings({ ...session, socket }));
    connection.on('error', () => {});
    await new Promise((resolve, reject) => connection.once('connect', resolve).once('error', reject));
    return connection;
  } catch (error) {
    socket.destroy();
    throw unreachable(url, error);
  }
}

/** The kinds of a first packet: the greeting of protocol 10, or an error such as too many connections. */
const firstKinds = [10, 255];

/**
 * Whether the first bytes of an answer can come from MySQL: three of length, a number that is 0, the kind. The driver would take
 * those of a web server for the beginning of a packet of megabytes, and wait for the rest.
 */
const speaksMysql = (bytes: Buffer): boolean =>
  bytes.length < 5 || (bytes[3] === 0 && firstKinds.includes(bytes[4] ?? 0));

const mends: Record<string, string> = {
  ER_ACCESS_DENIED_ERROR: 'Write the right user and password into the url of the target.',
  ER_BAD_DB_ERROR: 'Check the name of the database at the end of the url of the target.',
  ER_CON_COUNT_ERROR: 'All connections are taken: use extra_port (MariaDB), or GRANT CONNECTION_ADMIN.',
  ER_TOO_MANY_USER_CONNECTIONS: 'Raise MAX_USER_CONNECTIONS of this user.',
  HANDSHAKE_SSL_ERROR: 'Use a name in the url of the target that stands in the certificate, and its ssl-ca.',
};

/** The error of a server that cannot be asked. Its cause is in the message: messageOf would say everything twice. */
export function unreachable(url: string, error: unknown): UnavailableError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const what = `MySQL at ${mysqlAddressOf(url)}: ${messageOf(error)}`;
  return new UnavailableError('mysql.unreachable', what, { mend: mends[code] });
}

/** Host, port and database of a connection URL, without the password. */
function mysqlAddressOf(url: string): string {
  const { host, port, database = '' } = mysqlAddress(url);
  return `${host}:${port}/${database}`;
}
