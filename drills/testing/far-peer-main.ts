import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Somebody in another network namespace, who does what is written to stdin and says what happens, one JSON a line each:
 * an echo server on every port, and clients. It ends with its stdin.
 */
export type Order =
  | { do: 'listen'; id: string; host: string }
  | { do: 'connect'; id: string; host: string; port: number }
  | { do: 'send'; id: string; text: string };
export type Said =
  | { event: 'listening'; id: string; port: number }
  | { event: 'connected'; id: string }
  | { event: 'got'; id: string; bytes: number }
  /** With the error's code, or `closed`. */
  | { event: 'closed'; id: string; how: string };

const sockets = new Map<string, Socket>();
const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`);

function listen(id: string, host: string): void {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, host, () => {
    const address = server.address();
    say({ event: 'listening', id, port: typeof address === 'object' && address ? address.port : 0 });
  });
}

function open(id: string, host: string, port: number): void {
  const socket = connect({ host, port });
  sockets.set(id, socket);
  let bytes = 0;
  let how = 'closed';
  socket.on('connect', () => say({ event: 'connected', id }));
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    say({ event: 'got', id, bytes });
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    how = error.code ?? error.message;
  });
  socket.on('close', () => say({ event: 'closed', id, how }));
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line) as Order;
    if (order.do === 'listen') listen(order.id, order.host);
    else if (order.do === 'connect') open(order.id, order.host, order.port);
    else sockets.get(order.id)?.write(order.text);
  })
  .on('close', () => process.exit());
