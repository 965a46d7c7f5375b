import { messageOf } from '../../../kit/errors.ts';
import type { ChannelTools } from './tools.ts';

/** An answer of the other end; of its text no more than its beginning. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

export interface Post {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** What it says matters even when the status is a success. */
  readonly readSuccess: boolean;
}

/** The answers that are read are a line long; whoever sends more is not what we look for. */
const longestAnswer = 64 * 1024;

/** Sends it once and follows nothing. There is no answer when nobody gives one until the signal. */
export async function post(
  { url, headers, body, readSuccess }: Post,
  { fetch }: Pick<ChannelTools, 'fetch'>,
  signal: AbortSignal,
): Promise<Answer | { readonly trouble: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body,
      signal,
    });
    const { status, ok } = response;
    const text = ok && !readSuccess ? await unread(response) : await beginningOf(response);
    return { status, retryAfter: response.headers.get('retry-after'), text };
  } catch (error) {
    return { trouble: signal.aborted ? 'no answer in time' : messageOf(error) };
  }
}

/** Frees the connection without waiting for a text that may never end. */
async function unread({ body }: Response): Promise<''> {
  await body?.cancel();
  return '';
}

async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > longestAnswer) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, longestAnswer);
}

/** What a status that is no success means to somebody who wanted to deliver something. */
export const statusText = ({ status }: Answer): string =>
  status >= 300 && status < 400
    ? `it answers ${status}, which leads elsewhere and is not followed`
    : `it answers ${status}`;
