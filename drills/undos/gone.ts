const loopback = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** Whether a URL names this computer itself. */
export const isOnThisComputer = (url: string): boolean => loopback.test(new URL(url).hostname);

/**
 * Whether an error proves that the server at this address has ended, and with it what it held in memory (sessions, cuts).
 * Only this computer's own refusal proves it: elsewhere it may come from a firewall.
 */
export function serverIsGone(url: string, error: unknown): boolean {
  return isOnThisComputer(url) && codesOf(error).every((code) => code === 'ECONNREFUSED');
}

function codesOf(error: unknown): (string | undefined)[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  if (!(error instanceof Error)) return [undefined];
  const code = (error as NodeJS.ErrnoException).code;
  return error.cause === undefined ? [code] : codesOf(error.cause);
}
