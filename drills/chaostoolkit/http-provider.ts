import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { HttpProvider } from './activity-schema.ts';
import { type HttpAnswer, type HttpRequest, isConnectionFailure, sendHttp } from './http-exchange.ts';
import { isRecord, pythonText } from './python-values.ts';
import { hasVariables, substitute, type Variables } from './substitute.ts';

/** As many as Python's requests follows. */
const mostRedirects = 30;

/** Calls an address as Chaos Toolkit does: `{status, headers, body}`. Throws when no answer comes. */
export async function callHttp(
  provider: HttpProvider,
  variables: Variables,
  signal: AbortSignal,
): Promise<{ status: number; headers: Record<string, string>; body: unknown }> {
  const request = requestOf(provider, variables);
  let left = provider.max_retries ?? 0;
  for (;;) {
    try {
      return resultOf(await following(request, signal));
    } catch (error) {
      const again = isConnectionFailure(error) && left-- > 0 && !signal.aborted;
      if (!again) throw error;
    }
  }
}

function requestOf(provider: HttpProvider, variables: Variables): HttpRequest {
  const method = (provider.method ?? 'GET').toUpperCase();
  const written = provider.arguments ?? undefined;
  const given = hasVariables(variables) ? substitute(written, variables) : written;
  const headers = Object.fromEntries(
    Object.entries((substitute(provider.headers ?? {}, variables) ?? {}) as Record<string, unknown>).map(
      ([name, value]) => [name, pythonText(value)],
    ),
  );
  const url = new URL(pythonText(substitute(provider.url, variables)));
  const common = {
    method,
    timeouts: timeoutsOf(provider.timeout, variables),
    verifyTls: provider.verify_tls ?? true,
  };
  if (given === undefined || given === '') return { ...common, url, headers, body: undefined };
  if (method === 'GET') return { ...common, url: withQuery(url, given), headers, body: undefined };
  if (headers['Content-Type'] === 'application/json')
    return { ...common, url, headers, body: JSON.stringify(given) };
  if (!isRecord(given)) return { ...common, url, headers, body: pythonText(given) };
  const form = new URLSearchParams(pairsOf(given)).toString();
  const typed = hasHeader(headers, 'content-type')
    ? headers
    : { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' };
  return { ...common, url, headers: typed, body: form };
}

function withQuery(url: URL, given: unknown): URL {
  const query = isRecord(given) ? new URLSearchParams(pairsOf(given)).toString() : pythonText(given);
  const joined = new URL(url);
  if (query !== '') joined.search = url.search === '' ? query : `${url.search}&${query}`;
  return joined;
}

/** A list gives its name once for each item; what is null is left out. */
const pairsOf = (given: Record<string, unknown>): [string, string][] =>
  Object.entries(given).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((item) => item !== null && item !== undefined)
      .map((item): [string, string] => [name, pythonText(item)]),
  );

/** One number limits both the connecting and every silence after it. */
function timeoutsOf(written: HttpProvider['timeout'], variables: Variables): HttpRequest['timeouts'] {
  const seconds = substitute(written, variables);
  const [connect, read] = Array.isArray(seconds) ? seconds : [seconds, seconds];
  return { connectMs: milliseconds(connect), readMs: milliseconds(read) };
}

function milliseconds(seconds: unknown): number | undefined {
  if (seconds === undefined || seconds === null) return undefined;
  const number = Number(seconds);
  if (!Number.isFinite(number))
    throw new Error(`the timeout ${pythonText(seconds)} is not a number of seconds`);
  return number * 1000;
}

async function following(first: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  let request = first;
  for (let count = 0; count <= mostRedirects; count++) {
    const answer = await sendHttp(request, signal);
    const location = headerOf(answer.headers, 'location');
    if (location === undefined || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    request = redirected(request, answer.status, new URL(location, request.url));
  }
  throw new Error(`more than ${mostRedirects} redirections from ${first.url.origin}`);
}

function redirected(request: HttpRequest, status: number, url: URL): HttpRequest {
  const sameHost = url.host === request.url.host;
  const keeps = (name: string) => sameHost || !/^(authorization|cookie)$/i.test(name);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => keeps(name)));
  const asGet =
    (status === 303 && request.method !== 'HEAD') ||
    (status === 302 && request.method !== 'HEAD') ||
    (status === 301 && request.method === 'POST');
  if (!asGet) return { ...request, url, headers };
  const bare = Object.fromEntries(Object.entries(headers).filter(([name]) => !/^content-/i.test(name)));
  return { ...request, method: 'GET', url, headers: bare, body: undefined };
}

function resultOf({ status, headers, bytes }: HttpAnswer) {
  const encoding = headerOf(headers, 'content-encoding')?.toLowerCase();
  const unpacked =
    encoding === 'gzip'
      ? gunzipSync(bytes)
      : encoding === 'deflate'
        ? inflateSync(bytes)
        : encoding === 'br'
          ? brotliDecompressSync(bytes)
          : bytes;
  const type = headerOf(headers, 'content-type');
  const text = decode(unpacked, /charset="?([\w-]+)/i.exec(type ?? '')?.[1]);
  if (type !== 'application/json') return { status, headers, body: text as unknown };
  try {
    return { status, headers, body: JSON.parse(text) as unknown };
  } catch {
    throw new Error('the answer says it is JSON, and is not');
  }
}

function decode(bytes: Buffer, charset: string | undefined): string {
  try {
    return new TextDecoder(charset ?? 'utf-8', { fatal: charset === undefined }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

const hasHeader = (headers: Record<string, string>, name: string): boolean =>
  headerOf(headers, name) !== undefined;

const headerOf = (headers: Record<string, string>, name: string): string | undefined =>
  Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
