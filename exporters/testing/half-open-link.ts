import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP link that can be cut like a cable: connections stay open, and nothing passes in either direction, not even a goodbye. */
export interface HalfOpenLink extends AsyncDisposable {
  readonly port: number;
  cut(): void;
  /** Mends it: now either side learns that the other has gone meanwhile. */
  heal(): void;
  /** Answers the next byte of each connection open now with a reset, as a firewall does that has lost its memory. */
  forget(): void;
  /** Connections that a client holds open through it now. */
  connections(): number;
}

export async function startHalfOpenLink(upstreamPort: number): Promise<HalfOpenLink> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const forgotten = new WeakSet<Socket>();
  const goodbyes = new Set<Socket>();
  let isCut = false;
  const sayGoodbye = (socket: Socket) => (isCut ? goodbyes.add(socket) : socket.destroy());
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    clients.add(client);
    client.on('close', () => clients.delete(client));
    const upstream = connect(upstreamPort, '127.0.0.1');
    keep(upstream);
    // `data` is dropped while cut: nothing waits in a buffer to surprise the test after healing.
    client.on('data', (data) => {
      if (forgotten.has(client)) client.resetAndDestroy();
      else if (!isCut) upstream.write(data);
    });
    upstream.on('data', (data) => isCut || client.write(data));
    client.on('close', () => sayGoodbye(upstream));
    upstream.on('close', () => sayGoodbye(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
    },
    heal: () => {
      isCut = false;
      for (const socket of goodbyes) socket.destroy();
      goodbyes.clear();
    },
    forget: () => {
      for (const client of clients) forgotten.add(client);
    },
    connections: () => clients.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
