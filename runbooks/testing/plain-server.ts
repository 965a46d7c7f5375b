import type { IncomingMessage, RequestListener } from 'node:http';
import { type ListeningServer, listen } from '../../kit/http-server.ts';

/** One request as it came. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** An HTTP server of one test that remembers what it was asked. */
export interface PlainServer extends ListeningServer {
  readonly seen: SeenRequest[];
}

/** `answer` is called when the whole body has come. */
export async function plainServer(
  answer: (request: SeenRequest, ...rest: Parameters<RequestListener>) => void,
): Promise<PlainServer> {
  const seen: SeenRequest[] = [];
  const server = await listen(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
        seen.push(one);
        answer(one, request, response);
      });
    },
    { host: '127.0.0.1', port: 0 },
  );
  return Object.assign(server, { seen });
}
