import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { failSpan, isInTrace, traceHeaders, withSpan } from '../kit/tracing.ts';
import { onBehalfHeaders, terminalHeader } from './mes-api.ts';
import type { Caller } from './settings.ts';

/** How to reach the MES, or a gateway that speaks its language. */
export interface MesAccess {
  url: string;
  token: string;
}

/** One call: its answer must have come within `timeoutMs`, and before the signal ends it. */
export interface MesCall {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  key?: string;
  onBehalf?: Caller;
  /** Which terminal it is about. */
  terminal?: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

export interface MesAnswer {
  status: number;
  body: unknown;
}

/**
 * Calls the MES and returns its answer, whatever it is; throws when there is none in time. It is a span of the trace that it
 * carries on, and begins one where something is to be done: the looking that goes on all day would bury the rest.
 */
export function callMes(access: MesAccess, call: MesCall): Promise<MesAnswer> {
  if (call.method === 'GET' && !isInTrace()) return answerTo(access, call);
  const attributes = () => ({
    'http.request.method': call.method,
    'url.path': call.path,
    'server.address': new URL(access.url).host,
    ...(call.key === undefined ? {} : { 'andon.idempotency_key': call.key }),
  });
  const place = call.path.split(/[/?]/, 2)[1];
  return withSpan(`${call.method} /${place}`, { kind: 'client', attributes }, async (span) => {
    const answer = await answerTo(access, call);
    span.setAttribute('http.response.status_code', answer.status);
    if (answer.status >= 400) failSpan(span, `answered ${answer.status}`);
    return answer;
  });
}

async function answerTo(access: MesAccess, call: MesCall): Promise<MesAnswer> {
  // Not AbortSignal.any: it would hang a new signal on the caller's, which lives as long as the process.
  const limit = new AbortController();
  const end = () => limit.abort(call.signal?.reason);
  const late = new Error(`no answer within ${call.timeoutMs / 1000} s`);
  const timer = setTimeout(() => limit.abort(late), call.timeoutMs);
  if (call.signal?.aborted) end();
  call.signal?.addEventListener('abort', end, { once: true });
  try {
    const { status, text } = await exchange(access, call, limit.signal);
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : error;
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', end);
  }
}

/** One HTTP exchange. Not by `fetch`, which would cost each process of the plant some 16 MB. */
async function exchange(
  access: MesAccess,
  call: MesCall,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const headers = headersOf(access, call, body);
  const sent = request(new URL(call.path, access.url), { method: call.method, headers, signal });
  // A call that is given up before it has begun fails once more when nobody listens any longer.
  sent.on('error', () => {});
  sent.end(body);
  const [response] = (await once(sent, 'response', { signal })) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

function headersOf(
  { token }: MesAccess,
  { key, onBehalf, terminal }: MesCall,
  body: string,
): OutgoingHttpHeaders {
  return {
    ...traceHeaders(),
    authorization: `Bearer ${token}`,
    'content-length': Buffer.byteLength(body),
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    ...(terminal === undefined ? {} : { [terminalHeader]: terminal }),
    ...(onBehalf === undefined
      ? {}
      : { [onBehalfHeaders.actor]: onBehalf.actor, [onBehalfHeaders.role]: onBehalf.role }),
  };
}

/** The body of a call that must succeed; throws what the MES answered otherwise. */
export async function askMes(access: MesAccess, call: MesCall): Promise<unknown> {
  const { status, body } = await callMes(access, call);
  if (status < 300) return body;
  const why = (body as { error?: { message?: string } } | undefined)?.error?.message;
  throw new Error(`${call.method} ${call.path} answered ${status}: ${why ?? 'no reason given'}`);
}
