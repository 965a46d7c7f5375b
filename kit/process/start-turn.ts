import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { waitFor } from '../wait.ts';

/** Whoever has the turn needs as long as the service to start; then the caller's own deadline counts. */
const turnLimitMs = 60_000;

/**
 * The right to start a service, of all processes of this computer: a dead runner's watchdog and leash come at the same moment, and
 * two copies of a service would be worse than none. The kernel gives it up with the process that has it.
 */
export async function takeStartTurn(service: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const digest = createHash('sha256').update(service).digest('hex').slice(0, 24);
  // An abstract socket of Linux: it has no file that could be left.
  const server = await waitFor(() => listening(`\0andon-start-${digest}`), {
    what: `the turn to start ${service}`,
    timeoutMs: turnLimitMs,
    everyMs: 50,
    signal,
  });
  return {
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server, or undefined when another process has it. */
async function listening(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ path });
    await once(server, 'listening');
    server.unref();
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
