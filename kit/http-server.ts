import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

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

export async function listen(handler: RequestListener, address: ListenAddress): Promise<ListeningServer> {
  const server = createServer(handler);
  // Longer than any client keeps an idle connection: if the server closed first, a request just sent would be lost.
  server.keepAliveTimeout = 75_000;
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: address.host,
    port,
    url: `http://${address.host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
