import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { messageOf } from '../../kit/errors.ts';

export interface HttpRequest {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
  timeouts: { connectMs: number | undefined; readMs: number | undefined };
  verifyTls: boolean;
}

export interface HttpAnswer {
  status: number;
  /** With the names as the server wrote them. */
  headers: Record<string, string>;
  bytes: Buffer;
}

/** What an answer may hold: it is kept in memory and in the journal. */
const largestBytes = 10 * 1024 * 1024;

/** No answer came: the only failure that `max_retries` repeats. */
class ConnectionFailure extends Error {}

export const isConnectionFailure = (error: unknown): boolean => error instanceof ConnectionFailure;

/**
 * One request and its answer over a connection of its own. Not `fetch`: the time to connect and the certificate check are the
 * experiment's to choose, call by call.
 */
export async function sendHttp(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const { url, method, headers, verifyTls } = request;
  const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers: { 'User-Agent': 'andon', Accept: '*/*', ...headers },
    agent: false,
    signal,
    ...(url.protocol === 'https:' ? { rejectUnauthorized: verifyTls } : {}),
  });
  const connecting = limitTimes(outgoing, request);
  outgoing.end(request.body);
  try {
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, headers: headersOf(answer), bytes: await bytesOf(answer) };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof TooMuch) throw cause;
    // Without the path: what is put into it may be a secret in a spelling that nobody recognises.
    throw new ConnectionFailure(`no answer from ${url.origin}: ${messageOf(cause)}`);
  } finally {
    clearTimeout(connecting);
    outgoing.destroy();
  }
}

function limitTimes(
  outgoing: http.ClientRequest,
  { timeouts, url }: HttpRequest,
): NodeJS.Timeout | undefined {
  const { connectMs, readMs } = timeouts;
  const tooLong = (ms: number) => outgoing.destroy(new Error(`nothing for ${ms / 1000} s`));
  if (readMs !== undefined) outgoing.setTimeout(Math.max(1, readMs), () => tooLong(readMs));
  if (connectMs === undefined) return undefined;
  const timer = setTimeout(() => tooLong(connectMs), connectMs);
  outgoing.once('socket', (socket: Socket) =>
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(timer)),
  );
  return timer;
}

class TooMuch extends Error {}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBytes)
      throw new TooMuch(`the answer is larger than ${largestBytes / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name, value] = [rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''];
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}
