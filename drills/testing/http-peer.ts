import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { listen } from '../../kit/http-server.ts';

/** What became of one request: an answer, or the code of the error that ended it. */
export interface Outcome {
  status?: number;
  headers?: string[];
  body?: string;
  error?: string;
}

/** A client with one connection, kept open between its requests. */
export class HttpPeer implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(port: number) {
    this.#port = port;
  }

  ask(
    path = '/',
    { method = 'GET', body }: { method?: string; body?: string | Buffer } = {},
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const asked = request({ port: this.#port, host: '127.0.0.1', path, method, agent: this.#agent });
      asked.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }));
      asked.on('response', (response) => {
        collect(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, headers: response.rawHeaders, body: text }),
          (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }),
        );
      });
      asked.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** A body as text; throws when it breaks off. */
export async function collect(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** A service that counts what reaches it. */
export interface HttpService extends AsyncDisposable {
  readonly port: number;
  /** Method and path of every request, in the order of their coming. */
  readonly seen: string[];
  /** The sockets of its clients. */
  readonly sockets: Set<IncomingMessage['socket']>;
}

/** Answers 200 with `{"path": …}`, unless `handler` says otherwise. */
export async function startHttpService(
  handler: (request: IncomingMessage, response: ServerResponse) => void = usual,
): Promise<HttpService> {
  const seen: string[] = [];
  const sockets = new Set<IncomingMessage['socket']>();
  const server = await listen(
    (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      sockets.add(request.socket);
      handler(request, response);
    },
    { host: '127.0.0.1', port: 0 },
  );
  return { port: server.port, seen, sockets, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function usual(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ path: request.url }));
}
