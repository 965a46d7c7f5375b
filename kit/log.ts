import pino from 'pino';

/** What rooms log through; the CLI chooses where it goes. */
export type Log = pino.Logger;

const secrets = ['password', 'token', '*.password', '*.token', 'headers.authorization'];

/** JSON lines on stderr (stdout belongs to results). */
export function stderrLog(name: string, level: string): Log {
  return pino(
    { name, level, redact: { paths: secrets, censor: '[secret]' } },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** For tests and for callers that want silence. */
export const silentLog: Log = pino({ level: 'silent' });
