import type { ServerResponse } from 'node:http';
import { type ListeningServer, listen } from '../../../../kit/http-server.ts';

/** What stands where a robot should be: each path has its own way of being wrong. */
const oddities: Readonly<Record<string, (response: ServerResponse, path: string) => void>> = {
  silent: () => {},
  'silent-after-headers': (response) => void response.writeHead(200, { 'content-length': '100' }).write('{'),
  html: (response) => void response.setHeader('content-type', 'text/html').end('<html>Please log in</html>'),
  garbage: (response) => void response.end(Buffer.from([0x00, 0xff, 0xfe, 0x1b, 0x5b, 0x33])),
  empty: (response) => void response.end(),
  'other-json': (response) => void response.end('{"ok":true}'),
  endless: (response) => void writeOn(response),
  redirect: (response) => void response.writeHead(307, { location: '/taken' }).end(),
  unavailable: (response) => void response.writeHead(503, { 'retry-after': '7' }).end('busy'),
  'too-many': (response) => void response.writeHead(429, { 'retry-after': '90' }).end(),
  timeout: (response) => void response.writeHead(408).end(),
  early: (response) => void response.writeHead(425).end(),
  gone: (response, path) => void response.writeHead(410).end(`there is no ${path}`),
  cut: (response) => void response.destroy(),
};

export interface OddServer extends ListeningServer {
  /** Every path that was asked for. */
  readonly asked: string[];
}

/** Serves `/<oddity>` and anything below it. */
export async function startOddServer(): Promise<OddServer> {
  const asked: string[] = [];
  const server = await listen(
    (request, response) => {
      const path = request.url ?? '/';
      asked.push(path);
      request.resume();
      (oddities[path.split(/[/?]/)[1] ?? ''] ?? ((other) => void other.writeHead(200).end('taken')))(
        response,
        path,
      );
    },
    { host: '127.0.0.1', port: 0 },
  );
  return { ...server, asked };
}

function writeOn(response: ServerResponse): void {
  const chunk = 'x'.repeat(16_384);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}
