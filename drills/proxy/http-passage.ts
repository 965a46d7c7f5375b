import { Agent, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { ListenAddress } from '../../kit/http-server.ts';

/** Headers that concern one connection and not the message (RFC 9110, 7.6.1). `expect` is answered by each connection itself. */
const ofOneHop = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * One client's connection and the one upstream connection that belongs to it, so that client and service see each other's
 * connections begin and end as if nothing were between them.
 */
export class HttpPassage {
  readonly #client: Socket;
  readonly #upstream: ListenAddress;
  readonly #agent = new PatientAgent({ keepAlive: true, maxSockets: 1 });
  readonly #farSockets = new Set<Socket>();
  /** Requests whose answers are not out yet. */
  #open = 0;
  #farHasLeft = false;

  constructor(client: Socket, upstream: ListenAddress) {
    this.#client = client;
    this.#upstream = upstream;
    // What it has said goes out before the goodbye.
    client.once('close', () => {
      for (const socket of this.#farSockets) socket.destroySoon();
    });
  }

  /** Passes one request on and its answer back, as they come. A service that cannot be reached is a reset connection. */
  forward(request: IncomingMessage, response: ServerResponse): void {
    const sent = ask({
      host: this.#upstream.host,
      port: this.#upstream.port,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: requestHeaders(request),
      agent: this.#agent,
      maxHeaderSize: largestHead,
    });
    this.#open++;
    response.once('close', () => this.#afterAnswer());
    sent.on('socket', (socket) => this.#know(socket));
    sent.on('response', (answer) => passBack(answer, response));
    sent.on('error', () => {
      if (response.headersSent) response.destroy();
      else if (!this.#client.destroyed) this.#client.resetAndDestroy();
    });
    request.on('error', () => sent.destroy());
    request.pipe(sent);
  }

  #know(socket: Socket): void {
    if (this.#farSockets.has(socket)) return;
    this.#farSockets.add(socket);
    socket.once('close', () => {
      this.#farSockets.delete(socket);
      this.#farHasLeft = true;
      this.#leave();
    });
    if (this.#client.destroyed) socket.destroySoon();
  }

  #afterAnswer(): void {
    this.#open--;
    this.#leave();
  }

  #leave(): void {
    if (this.#farHasLeft && this.#open === 0) this.#client.destroySoon();
  }
}

/** When an idle connection is over is for client and service to say: an agent of its own mind would close it under the client. */
class PatientAgent extends Agent {
  override keepSocketAlive(): boolean {
    return true;
  }
}

/** For the heads of requests and answers, both ways: whatever service is there decides what is too long, not the link. */
export const largestHead = 256 * 1024;

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  const headers = messageHeaders(answer);
  if (/\bclose\b/i.test(answer.headers.connection ?? '')) headers.push('Connection', 'close');
  // How long the service keeps an idle connection: the client's ends with it.
  const keepAlive = answer.headers['keep-alive'];
  if (keepAlive !== undefined) headers.push('Keep-Alive', String(keepAlive));
  response.sendDate = false;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
  // Now, not with the first byte of the body: that may be long in coming.
  response.flushHeaders();
  pipeline(answer, response, () => {});
}

function requestHeaders(request: IncomingMessage): string[] {
  const headers = messageHeaders(request);
  if (request.headers['transfer-encoding'] !== undefined) return [...headers, 'Transfer-Encoding', 'chunked'];
  // Without either there is no body; Node would announce one for such methods.
  const hasLength = request.headers['content-length'] !== undefined;
  return hasLength || !/^(POST|PUT|PATCH)$/.test(request.method ?? '')
    ? headers
    : [...headers, 'Content-Length', '0'];
}

/** The headers as they were written, in their order, without those of the connection. */
function messageHeaders({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return rawHeaders.filter((_, index) => {
    const name = rawHeaders[index - (index % 2)]?.toLowerCase() ?? '';
    return !ofOneHop.has(name) && !named.includes(name);
  });
}
