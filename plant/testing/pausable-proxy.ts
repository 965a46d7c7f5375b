import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP link to a server that can be cut like a cable: what is open stays open, and no byte passes until it heals. */
export interface PausableProxy extends AsyncDisposable {
  readonly port: number;
  cut(): void;
  heal(): void;
  /** How many connections pass through it now. */
  connections(): number;
}

export async function startPausableProxy(upstreamPort: number): Promise<PausableProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isCut = false;
  const join = (pair: readonly [Socket, Socket]): void => {
    const [near, far] = pair;
    near.pipe(far).pipe(near);
  };
  const server = createServer({ pauseOnConnect: true }, (near) => {
    const far = connect(upstreamPort, '127.0.0.1');
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        if (!isCut) for (const other of pair) other.destroy();
      });
    }
    if (!isCut) join(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    heal() {
      isCut = false;
      for (const pair of pairs) join(pair);
    },
    connections: () => pairs.size,
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
