import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/**
 * What http providers are tested on: `/echo` answers what it was asked, `/text`, `/status/N`, `/moved`, `/not-json`, `/never` what their
 * names say, `/flag` keeps what was last put there, `/health` answers while that is `up`,
 * `/die` closes the connection.
 */
export function echoServer(): Server {
  let flag = 'up';
  return createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://echo');
    const body = await textOf(request);
    const [, first = '', second = ''] = url.pathname.split('/');
    switch (first) {
      case 'echo':
        return json(response, 200, {
          method: request.method,
          query: url.search,
          type: request.headers['content-type'] ?? null,
          mark: request.headers['x-mark'] ?? null,
          // Whoever writes JSON may space it as he likes.
          body: request.headers['content-type'] === 'application/json' ? JSON.parse(body) : body,
        });
      case 'text':
        return response.writeHead(200, { 'Content-Type': 'text/plain' }).end('you are number 87\n');
      case 'number':
        return response.writeHead(200, { 'Content-Type': 'text/plain' }).end(second);
      case 'charset':
        return response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' }).end('{"a": 1}');
      case 'status':
        return json(response, Number(second), { status: Number(second) });
      case 'moved':
        return response.writeHead(302, { Location: '/echo?moved=1' }).end();
      case 'not-json':
        return response.writeHead(200, { 'Content-Type': 'application/json' }).end('{');
      case 'flag':
        if (request.method !== 'GET') flag = second;
        return json(response, 200, {
          flag,
          lines: [
            { line: 1, state: flag },
            { line: 2, state: 'up' },
          ],
        });
      case 'health':
        return flag === 'up' ? json(response, 200, {}) : request.socket.destroy();
      case 'die':
        return request.socket.destroy();
      default:
        return undefined; // It never answers.
    }
  });
}

function json(response: ServerResponse, status: number, value: unknown): ServerResponse {
  return response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
