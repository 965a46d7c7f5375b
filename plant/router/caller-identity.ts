import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { onBehalfHeaders, terminalHeader } from '../mes-api.ts';

/** Who a request comes from: its terminal, the person it speaks for, or else its token and address. */
export function identityOf({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): string {
  const named = headers[terminalHeader] ?? headers[onBehalfHeaders.actor];
  return named === undefined ? `${headers.authorization ?? ''}@${socket.remoteAddress ?? ''}` : String(named);
}

/**
 * Where a caller stands among all, from 0 to 1: whoever is below the share of a version gets it. Always the same for one version, so
 * that nobody goes to and fro, and whoever is among 10 % stays among 50 %; another for the next, so that it hits not always the same.
 */
export function placeOf(identity: string, version: string): number {
  return createHash('sha256').update(`${version}\n${identity}`).digest().readUInt32BE() / 2 ** 32;
}
