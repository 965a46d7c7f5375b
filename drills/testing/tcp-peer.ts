import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** One connection as a test sees it: what came, and how it ended. */
export interface Peer {
  socket: Socket;
  /** Everything received so far. */
  received(): string;
  bytes(): number;
  /** Resolves at the other side's goodbye, or when the connection is over without one. */
  ended: Promise<void>;
  /** Resolves when the connection is over: the error's code, or `closed`. */
  closed: Promise<string>;
}

/** A server whose connections a test looks into. */
export interface PeerServer extends AsyncDisposable {
  port: number;
  peers: Peer[];
}

export function watchPeer(socket: Socket): Peer {
  let text = '';
  let bytes = 0;
  let code = 'closed';
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes < 1_000_000) text += chunk.toString('latin1');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? error.message;
  });
  return {
    socket,
    received: () => text,
    bytes: () => bytes,
    ended: new Promise((resolve) => {
      for (const event of ['end', 'close']) socket.once(event, () => resolve());
    }),
    closed: new Promise((resolve) => socket.once('close', () => resolve(code))),
  };
}

export async function startPeerServer(onPeer: (peer: Peer) => void = () => {}): Promise<PeerServer> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const peer = watchPeer(socket);
    peers.push(peer);
    onPeer(peer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { socket } of peers) socket.destroy();
      await closed;
    },
  };
}

/** A client that may be refused: it is not waited for. */
export const startPeer = (port: number): Peer =>
  watchPeer(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));

export async function connectPeer(port: number): Promise<Peer> {
  const peer = startPeer(port);
  await once(peer.socket, 'connect');
  return peer;
}
