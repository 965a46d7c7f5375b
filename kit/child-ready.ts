import { existsSync, readFileSync } from 'node:fs';
import type { Child } from './children.ts';
import { UnavailableError } from './errors.ts';
import { waitFor } from './wait.ts';

export interface ReadyOptions {
  /** The longest wait; pass a number with a reason. */
  timeoutMs: number;
  everyMs?: number;
  signal?: AbortSignal | undefined;
}

/** Asks until the child is ready; throws at once, with its last words, when it ends before that. */
export async function untilReady<T>(
  child: Child,
  check: () => Promise<T | false | undefined> | T | false | undefined,
  { timeoutMs, everyMs = 25, signal }: ReadyOptions,
): Promise<T> {
  const over = new AbortController();
  const signals = signal === undefined ? [over.signal] : [over.signal, signal];
  const ready = waitFor(check, {
    what: child.name,
    timeoutMs,
    everyMs,
    signal: AbortSignal.any(signals),
  });
  const died = child.exited.then(({ code, signal: by }) => {
    throw new UnavailableError(
      'child.ended',
      `${child.name} ended with ${by ?? `exit code ${code}`} before it was ready: ${lastWords(child)}`,
      { mend: `Its whole log: ${child.logFile}` },
    );
  });
  try {
    return await Promise.race([ready, died]);
  } finally {
    over.abort(new Error('no longer asked'));
    ready.catch(() => {});
    died.catch(() => {});
  }
}

/** What the child has written since it was started. */
export function outputOf({ logFile, logStart }: Child): string {
  return existsSync(logFile) ? readFileSync(logFile).subarray(logStart).toString('utf8') : '';
}

/** The first whole line of the child's output that `parse` makes something of: a ready line. */
export function lineOf<T>(child: Child, parse: (line: string) => T | undefined): T | undefined {
  const lines = outputOf(child).split('\n').slice(0, -1);
  for (const line of lines) {
    const found = parse(line);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lastWords(child: Child): string {
  const text = outputOf(child).trim();
  return text === '' ? 'it said nothing' : text.split('\n').slice(-5).join('\n').slice(-1000);
}
