import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { httpLinkBench as bench } from '../testing/http-link-bench.ts';
import { collect } from '../testing/http-peer.ts';
import { connectPeer } from '../testing/tcp-peer.ts';

const within = (what: string, check: () => boolean) =>
  waitFor(check, { what, timeoutMs: 10_000, everyMs: 5 });

/** What a service was told, and answers. */
function echo(incoming: IncomingMessage, response: ServerResponse): void {
  void collect(incoming).then((body) => {
    response.sendDate = false;
    response.writeHead(Number(incoming.headers['x-status'] ?? 200), 'As Told', [
      ...['X-Twice', '1', 'x-twice', '2'],
      ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    ]);
    const { method, url, rawHeaders } = incoming;
    response.end(JSON.stringify({ method, url, headers: endToEnd(rawHeaders), body }));
  });
}

/** Without what is settled between two neighbours only. */
const endToEnd = (raw: readonly string[]): string[] =>
  raw.filter(
    (_, index) => !/^(connection|keep-alive|transfer-encoding)$/i.test(raw[index - (index % 2)] ?? ''),
  );

describe('An HTTP link that is well', () => {
  const requests: [string, string][] = [
    ['GET', ''],
    ['POST', '{"a": 1}'],
    ['PUT', 'x'.repeat(100_000)],
    ['DELETE', ''],
    ['HEAD', ''],
  ];
  test.each(requests)('changes neither request nor answer of a %s', async (method, body) => {
    const { service, port } = await bench(echo);
    const answers = [];
    for (const to of [service.port, port]) {
      const headers = ['Host', 'plant', 'X-A', '1', 'x-a', '2', 'Content-Length', String(body.length)];
      const asked = request({ port: to, path: '/a%20b?c=d', method, headers, agent: false });
      asked.end(body);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      const { statusCode, statusMessage, rawHeaders } = answer;
      answers.push([statusCode, statusMessage, endToEnd(rawHeaders), await collect(answer)]);
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  test('passes answers on as they come, and requests too', async () => {
    const { promise: firstWord, resolve } = Promise.withResolvers<string>();
    const { port } = await bench((incoming, response) => {
      incoming.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
        response.write('heard');
      });
      incoming.once('end', () => response.end(' all'));
    });
    const asked = request({ port, method: 'POST', agent: false });
    asked.write('begin');
    expect(await firstWord).toBe('begin');
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('heard');
    asked.end();
    expect(await collect(answer)).toBe(' all');
  });

  test('keeps 16 MiB whole, both ways', async () => {
    const { client } = await bench((incoming, response) => void incoming.pipe(response));
    const body = Buffer.alloc(16 * 1024 * 1024, 'andon');
    const answer = await client.ask('/', { method: 'POST', body });
    const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');
    expect(digest(Buffer.from(answer.body ?? '', 'latin1'))).toBe(digest(body));
  });

  test('uses one upstream connection for each client, and ends each with the other', async () => {
    const { service, port, client } = await bench();
    for (const path of ['/1', '/2', '/3'])
      expect((await client.ask(path)).body).toBe(JSON.stringify({ path }));
    expect(service.sockets.size).toBe(1);
    client[Symbol.dispose]();
    const [upstream] = service.sockets;
    await within('the end of the upstream connection', () => upstream?.destroyed === true);
    const peer = await connectPeer(port);
    peer.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await within('the answer', () => peer.received().includes('{"path":"/"}'));
    for (const socket of service.sockets) socket.end();
    await peer.ended;
  });

  test('answers requests that come in one packet in their order', async () => {
    const { port } = await bench();
    const peer = await connectPeer(port);
    peer.socket.write(
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    await peer.ended;
    expect(peer.received().match(/"path":"\/\d"/g)).toEqual(['"path":"/1"', '"path":"/2"']);
  });

  test('hands on that the service refuses connections, or breaks off in the middle', async () => {
    const { service, client, link } = await bench((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(await client.ask()).toEqual({ error: 'ECONNRESET' });
    await service[Symbol.asyncDispose]();
    expect(await client.ask()).toEqual({ error: 'ECONNRESET' });
    expect(link.touched('nobody')).toBe(0);
  });

  test('tells the service that a client has given up', async () => {
    const { service, port } = await bench(() => {});
    const peer = await connectPeer(port);
    peer.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await within('the request', () => service.sockets.size === 1);
    peer.socket.destroy();
    const [upstream] = service.sockets;
    await within('the end of the upstream connection', () => upstream?.destroyed === true);
  });
});

test('A connection that its service would soon close is not closed by the link before.', async () => {
  const { service, port } = await bench((incoming, response) => {
    incoming.resume().once('end', () => response.writeHead(200, ['Keep-Alive', 'timeout=1']).end('done'));
  });
  for (const to of [service.port, port]) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // A client that does not heed the hint, as many do not: its own connection stays open for the next request.
    agent.keepSocketAlive = () => true;
    const sockets = new Set<unknown>();
    for (let number = 0; number < 4; number++) {
      const asked = request({ port: to, path: '/', method: 'POST', agent });
      asked.once('socket', (socket) => sockets.add(socket));
      asked.end('x');
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      expect(answer.headers['keep-alive']).toBe('timeout=1');
      expect(await collect(answer)).toBe('done');
    }
    expect(sockets.size).toBe(1);
    agent.destroy();
  }
});
