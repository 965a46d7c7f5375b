import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A cold start of Node and of our modules on a busy machine. */
const readyLimitMs = 20_000;

/** Returns when the process has said `"ready":true`; throws when it ends before (`ended` says how) or takes too long. */
export async function readyOrEnded(stdout: Readable, ended: Promise<string>): Promise<void> {
  const limit = AbortSignal.timeout(readyLimitMs);
  const lines = createInterface({ input: stdout, signal: limit });
  const ready = (async () => {
    for await (const line of lines) if (line.includes('"ready":true')) return;
    limit.throwIfAborted();
    throw new Error(`it ended with ${await ended}`);
  })();
  await Promise.race([
    ready,
    ended.then((reason) => {
      throw new Error(`it ended with ${reason}`);
    }),
  ]);
  lines.close();
}
