import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';

/** A server that listens; leaving its scope closes it, open connections included. */
export interface ListeningServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** Where a server listens; port 0 takes a free one. */
export interface ListenAddress {
  host: string;
  port: number;
}

/** How a server speaks TLS. */
export interface ServerTls {
  /** Certificate, key, versions, client CAs. Asked at each connection and request; another object than before is used from then on. */
  context(): SecureContextOptions;
  /** Whether clients are asked for a certificate. */
  readonly requestCert: boolean;
  /** Whether the handshake fails without a certificate that a client CA has signed. */
  readonly rejectUnauthorized: boolean;
  /** Whether a client may stay after the handshake, by the certificate it has shown. */
  admits(socket: TLSSocket): boolean;
}

/** A client on the plant's network needs milliseconds; whoever says nothing must not hold a connection for long. */
const handshakeTimeoutMs = 10_000;

/** Listens with HTTP, or with HTTPS when `tls` is given. */
export async function listen(
  handler: RequestListener,
  address: ListenAddress,
  tls?: ServerTls,
): Promise<ListeningServer> {
  const server = tls === undefined ? createServer(handler) : tlsServer(handler, tls);
  // Longer than any client keeps an idle connection: if the server closed first, a request just sent would be lost.
  server.keepAliveTimeout = 75_000;
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    host: address.host,
    port,
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A certificate can be renewed while it runs: new connections get the new one, older ones end with their next answer. */
function tlsServer(handler: RequestListener, tls: ServerTls): Server {
  const { requestCert, rejectUnauthorized } = tls;
  const madeWith = new WeakMap<object, SecureContextOptions>();
  let context = tls.context();
  const server = createTlsServer(
    { ...context, requestCert, rejectUnauthorized, handshakeTimeout: handshakeTimeoutMs },
    (request, response) => {
      if (madeWith.get(request.socket) !== renewed()) response.setHeader('connection', 'close');
      handler(request, response);
    },
  );
  const renewed = () => {
    const now = tls.context();
    if (now !== context) server.setSecureContext(now);
    context = now;
    return context;
  };
  server.prependListener('connection', renewed);
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    madeWith.set(socket, context);
    if (!tls.admits(socket)) socket.destroy();
  });
  return server;
}
