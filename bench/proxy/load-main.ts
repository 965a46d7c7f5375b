import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a load generator is asked to do; it answers with one JSON line. */
export type LoadTask =
  /** Sends so many bytes over all connections, as fast as they are taken. */
  | { task: 'stream'; port: number; connections: number; bytes: number }
  /** Sends 64 bytes so often over all connections, and waits for them to come back. */
  | { task: 'ping'; port: number; connections: number; perSecond: number; seconds: number }
  /** Keeps connections open, each with 64 bytes under way every so often, until it is asked what it saw. */
  | { task: 'hold'; port: number; connections: number; everyMs: number | null };

const message = Buffer.alloc(64, 'x');
const now = (): number => performance.timeOrigin + performance.now();
const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function connected(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(50, count - sockets.length) }, () =>
      connect({ port, host: '127.0.0.1', noDelay: true }),
    );
    await Promise.all(some.map((socket) => once(socket, 'connect')));
    sockets.push(...some);
  }
  return sockets;
}

/** One message there and back each: now the whole way is open. */
async function greet(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => {
      socket.write(message);
      return once(socket, 'data');
    }),
  );
}

async function stream(task: LoadTask & { task: 'stream' }): Promise<void> {
  const sockets = await connected(task.port, task.connections);
  const each = Math.floor(task.bytes / task.connections);
  const from = now();
  const counted = await Promise.all(
    sockets.map(async (socket) => {
      const answer = once(socket, 'data');
      const chunk = Buffer.alloc(64 * 1024);
      chunk.writeBigUInt64BE(BigInt(each));
      for (let left = each; left > 0; left -= chunk.length)
        if (!socket.write(chunk.subarray(0, Math.min(left, chunk.length)))) await once(socket, 'drain');
      return Number(`${(await answer)[0]}`);
    }),
  );
  const seconds = (now() - from) / 1000;
  if (counted.some((bytes) => bytes !== each)) throw new Error('bytes were lost');
  say({ seconds, bytes: each * task.connections });
}

async function ping(task: LoadTask & { task: 'ping' }): Promise<void> {
  const sockets = await connected(task.port, task.connections);
  await greet(sockets);
  const times: number[] = [];
  const sentAt = new Map<Socket, number>();
  for (const socket of sockets)
    socket.on('data', () => {
      const from = sentAt.get(socket);
      if (from !== undefined) times.push(now() - from);
      sentAt.delete(socket);
    });
  const began = now();
  let sent = 0;
  while (now() - began < task.seconds * 1000) {
    const due = Math.floor(((now() - began) / 1000) * task.perSecond);
    for (; sent < due; sent++) {
      const socket = sockets[sent % sockets.length];
      if (!socket || sentAt.has(socket)) continue;
      sentAt.set(socket, now());
      socket.write(message);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  say({ p50: at(0.5), p99: at(0.99), count: times.length });
}

async function hold({ port, connections, everyMs }: LoadTask & { task: 'hold' }): Promise<void> {
  const sockets = await connected(port, connections);
  await greet(sockets);
  let [lastByteAt, lastClosedAt, closed] = [0, 0, 0];
  for (const [index, socket] of sockets.entries()) {
    socket.on('error', () => {});
    socket.on('data', () => {
      lastByteAt = now();
    });
    socket.once('close', () => {
      lastClosedAt = now();
      closed++;
    });
    if (everyMs === null) continue;
    // Spread over the time, so that at any moment some are under way.
    setTimeout(() => setInterval(() => socket.write(message), everyMs), (everyMs * index) / sockets.length);
  }
  say({ ready: true });
  process.stdin.on('data', () => say({ lastByteAt, lastClosedAt, closed }));
  process.stdin.once('end', () => process.exit());
}

const task = JSON.parse(process.argv[2] ?? '{}') as LoadTask;
if (task.task === 'stream') await stream(task);
else if (task.task === 'ping') await ping(task);
else await hold(task);
if (task.task !== 'hold') process.exit();
