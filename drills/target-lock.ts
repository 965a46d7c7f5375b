import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { UnavailableError } from '../kit/errors.ts';
import type { Target } from '../kit/targets.ts';

/**
 * One drill at a time on one target, whoever starts it and from whichever folder of this computer. The lock is an abstract socket
 * of Linux: the kernel gives it up when its process ends, however it ends. Elsewhere there is only the lock of the folder.
 */
export async function lockTarget(name: string, target: Target): Promise<AsyncDisposable> {
  if (process.platform !== 'linux') return new AsyncDisposableStack();
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ path: `\0andon-drill-${identityOf(target)}` });
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new UnavailableError('drill.target-locked', `another drill is at work on target ${name}`, {
      mend: 'Wait for its end. Nothing was touched.',
    });
  }
  server.unref();
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Names the system behind a target, whatever the target is called and whoever logs in there; holds no secret. */
export function identityOf({ drillable: _, production: __, ...target }: Target): string {
  const where =
    'url' in target
      ? { kind: target.kind, host: new URL(target.url).host, path: new URL(target.url).pathname }
      : target;
  return createHash('sha256').update(JSON.stringify(where)).digest('hex').slice(0, 32);
}
