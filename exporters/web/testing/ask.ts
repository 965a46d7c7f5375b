import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type AskOptions = RequestOptions & { user?: string; bearer?: string; body?: string };

/** One request on a connection of its own unless an agent is given; `user` is `name:password`. Rejects as the client's side of TLS does. */
export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  const [response] = (await once(send(url, options), 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** The same, for who wants to break it off. */
export function send(
  url: string,
  { user, bearer, headers, body, ...options }: AskOptions = {},
): ClientRequest {
  const authorization =
    bearer === undefined ? user && `Basic ${Buffer.from(user).toString('base64')}` : `Bearer ${bearer}`;
  const all = { ...headers, ...(authorization === undefined ? {} : { authorization }) };
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return request(url, { agent: false, ...options, headers: all }).end(body);
}
