import { fileURLToPath } from 'node:url';

/**
 * The file of a module of ours, to be run by another Node process: `.ts` in a checkout, `.js` when built.
 * `modulePath(import.meta.url, './mes/main')` is relative to the caller, whose own ending decides.
 */
export function modulePath(callerUrl: string, relative: string): string {
  const ending = callerUrl.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`${relative}${ending}`, callerUrl));
}

/** How this very `andon` is started again as another process: handed down by the CLI. */
export interface SelfCommand {
  command: string;
  args: readonly string[];
}
