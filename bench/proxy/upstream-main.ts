import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

// What stands behind the proxies: one port answers every byte with itself, the other one says when all have come.
const backlog = 2048;

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {}); // The other side was reset: that is what is measured.
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog }, resolve));
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const echo = await listening((socket) => socket.pipe(socket));
const count = await listening((socket) => {
  // The first eight bytes say how many come in all: not every proxy carries on when one side has said goodbye.
  let [bytes, expected] = [0, Number.POSITIVE_INFINITY];
  socket.once('data', (first: Buffer) => {
    expected = Number(first.readBigUInt64BE());
  });
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes >= expected) socket.end(`${bytes}`);
  });
});
process.stdout.write(`${JSON.stringify({ echo: portOf(echo), count: portOf(count) })}\n`);
process.stdin.resume().once('end', () => process.exit());
