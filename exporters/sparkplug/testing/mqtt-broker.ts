import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';

/** A real MQTT broker of one test file. */
export interface TestBroker extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Topics that somebody published, commands among them. */
  readonly published: { topic: string; payload: Buffer }[];
  /** How many clients are connected now. */
  clients(): number;
  /** Ends every connection and listens no more, as a broker does that is shut down. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
}

export interface BrokerOptions {
  tls?: { cert: string; key: string };
  /** The only user who may connect. */
  user?: { name: string; password: string };
  /** Nobody may subscribe to what begins so. */
  closed?: string;
}

export async function startTestBroker({ tls, user, closed }: BrokerOptions = {}): Promise<TestBroker> {
  const broker = await Aedes.createBroker(user === undefined ? {} : { authenticate: only(user) });
  broker.authorizeSubscribe = (_client, subscription, done) =>
    done(null, closed !== undefined && subscription.topic.startsWith(closed) ? null : subscription);
  const published: TestBroker['published'] = [];
  broker.on('publish', ({ topic, payload }) => {
    published.push({ topic, payload: Buffer.from(payload) });
  });
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    broker.handle(socket);
  };
  let server: Server;
  let port = 0;
  const start = async () => {
    server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  await start();
  return {
    port,
    url: `${tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    published,
    clients: () => broker.connectedClients,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await new Promise<void>((resolve) => broker.close(resolve));
    },
  };
}

const only =
  ({ name, password }: { name: string; password: string }) =>
  (
    _client: unknown,
    givenName: string | undefined,
    givenPassword: Buffer | undefined,
    done: (error: null, isRight: boolean) => void,
  ) =>
    done(null, givenName === name && givenPassword?.toString() === password);
