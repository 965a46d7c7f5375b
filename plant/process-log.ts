import pino from 'pino';
import type { Log } from '../kit/log.ts';

/** JSON lines on stdout, written at once, so that a kill loses none. */
export function stdoutLog(name: string, level: string): Log {
  const destination = pino.destination({ fd: 1, sync: true });
  // Who reads the log may be gone; the process then ends because its stdin does, in order.
  destination.on('error', () => {});
  return pino({ name, level }, destination);
}
