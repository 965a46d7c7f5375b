import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';

/** A reader that takes nothing for so long would hold one of the few requests that are allowed at one time. */
const stallMs = 30_000;

/** The text in pieces as they come, compressed for who can read that; nothing waits for a slow reader but its own response. */
export async function sendInPieces(
  request: Request,
  response: Response,
  pieces: AsyncIterable<string>,
  log: Log,
): Promise<void> {
  response.vary('accept-encoding');
  response.setTimeout(stallMs, () => response.destroy());
  const text = Readable.from(pieces, { objectMode: false });
  try {
    if (request.acceptsEncodings('gzip') !== 'gzip') return await pipeline(text, response);
    response.set('content-encoding', 'gzip');
    await pipeline(text, createGzip({ level: 1 }), response);
  } catch (error) {
    // That the client has gone is its own business. Otherwise the answer breaks off, which Prometheus takes for a failed scrape.
    if (!isGone(error)) log.error({ path: request.path, reason: messageOf(error) }, 'answer broken off');
  }
}

const signsOfGoing = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE'];
const isGone = (error: unknown): boolean =>
  signsOfGoing.includes(String((error as NodeJS.ErrnoException | undefined)?.code));
