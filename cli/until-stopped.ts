import type { Context } from './context.ts';

/** Says that a service is ready, as one line of JSON, and returns when the user (or the lab that started it) stops it. */
export async function untilStopped(context: Context, ready: Record<string, unknown>): Promise<void> {
  context.stdout.write(`${JSON.stringify(ready)}\n`);
  if (context.signal.aborted) return;
  await new Promise<void>((resolve) =>
    context.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
