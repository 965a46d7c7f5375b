import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

/** An hour is far beyond any outage that is rehearsed: what asks for more has mistaken the unit. */
const ms = z.int().min(0).max(3_600_000);

const which = {
  /** The share of the requests that it hits, by lot. */
  ratio: z.number().gt(0).max(1).default(1),
  /** Only requests whose path begins with this. */
  path: z.string().startsWith('/').optional(),
  /** Only requests of this method. */
  method: z
    .string()
    .regex(/^[A-Z]+$/, 'must be a method in capitals, such as POST')
    .optional(),
};

/** What goes wrong with the requests on an HTTP link: what the far service would do if it were ill. */
export const httpFaultSchema = z.discriminatedUnion('kind', [
  /** It answers by itself, with a status that says "failed". */
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(400).max(599),
    body: z.string().max(8000).optional(),
    ...which,
  }),
  /** Requests are passed on after `delayMs` ± `jitterMs`. */
  z.strictObject({ kind: z.literal('delay'), delayMs: ms.min(1), jitterMs: ms.default(0), ...which }),
  /** Nothing is answered. Who still waits when it ends is passed on then, as if the service had woken up. */
  z.strictObject({ kind: z.literal('hang'), ...which }),
  /** The connection is reset. */
  z.strictObject({ kind: z.literal('reset'), ...which }),
  /** In turn: a page instead of data, data that breaks off, and bytes that are no HTTP. */
  z.strictObject({ kind: z.literal('garbage'), ...which }),
]);

export type HttpFault = z.output<typeof httpFaultSchema>;

/** Whether a fault is about this request at all; the lot is drawn elsewhere. */
export function concerns({ path, method }: HttpFault, request: IncomingMessage): boolean {
  return (
    (path === undefined || request.url?.startsWith(path) === true) &&
    (method === undefined || request.method === method)
  );
}

/** The delay of one request: evenly distributed over `delayMs` ± `jitterMs`, never negative. */
export const delayOf = (
  { delayMs, jitterMs }: Extract<HttpFault, { kind: 'delay' }>,
  random: () => number,
): number => Math.max(0, delayMs + (random() * 2 - 1) * jitterMs);

/** Whoever finds it in a log must see at once that nobody's service has said this. */
const usualBody = JSON.stringify({
  error: { code: 'drill', message: 'answered by a drill, in place of the service' },
});

/** Answers in place of the service. */
export function answerInstead(
  { status, body = usualBody }: Extract<HttpFault, { kind: 'answer' }>,
  response: ServerResponse,
): void {
  response.writeHead(status, { 'content-type': isJson(body) ? 'application/json' : 'text/plain' });
  response.end(body);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const page = '<!doctype html><title>Maintenance</title><p>A drill has put this page in place of the data.';

/** Says something that no client expects; `turn` decides which of the three. */
export function talkNonsense(turn: number, request: IncomingMessage, response: ServerResponse): void {
  if (turn % 3 === 0) {
    response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    return;
  }
  const { socket } = request;
  // Past the response: Node would not let anything out that is not HTTP, or shorter than announced.
  socket.write(
    turn % 3 === 1
      ? 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4096\r\n\r\n{"state":"accep'
      : '\u0000\u0001 no HTTP \u0002\r\n\r\n',
  );
  socket.destroySoon();
}
