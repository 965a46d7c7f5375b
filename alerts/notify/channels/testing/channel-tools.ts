import pino from 'pino';
import type { ChannelTools } from '../tools.ts';
import { testNow } from './messages.ts';

/** Tools with a clock that stands, and everything that was logged. */
export function testTools(now = testNow): ChannelTools & { readonly logged: string[] } {
  const logged: string[] = [];
  return {
    fetch: globalThis.fetch,
    log: pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) }),
    clock: { now: () => now, sleep: () => new Promise(() => {}) },
    timezone: 'Asia/Shanghai',
    logged,
  };
}
