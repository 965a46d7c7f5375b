import { expect, test } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { fillIn } from '../schema/placeholders.ts';
import { plainServer } from '../testing/plain-server.ts';
import { stepWorld } from '../testing/step-world.ts';
import { http } from './http.ts';

const token = 'secret-of-the-wms';

const run = (
  written: Record<string, unknown>,
  url: string,
  { kind = 'http', signal = AbortSignal.timeout(20_000) } = {},
) => {
  const target = { kind, url, token, ...(kind === 'mes' ? { database: 'mes-db' } : {}) };
  return http.run(http.params.parse(written), stepWorld({ wms: target }), signal);
};

/** Answers with the status that the path names: /status/404. */
const statusServer = () =>
  plainServer(({ url }, _request, response) => {
    const status = Number(/status\/(\d+)/.exec(url)?.[1] ?? 200);
    response
      .writeHead(status, status < 400 && status >= 300 ? { location: '/elsewhere' } : {})
      .end('so it is');
  });

test.for(['http', 'mes'])(
  'A request to a %s carries the token, the key of the operation and the body, under the path of the target.',
  async (kind) => {
    await using server = await statusServer();
    const written = {
      method: 'POST',
      path: '/lines/L1/restart?soft=1',
      body: { reason: 'a "quoted" reason', parts: [1, null] },
      headers: { 'x-reason': 'stuck' },
    };
    expect(await run(written, `${server.url}/api/v1/`, { kind })).toEqual({
      outcome: 'succeeded',
      summary: 'POST /lines/L1/restart?soft=1 on wms was answered with 200',
      touched: 1,
      details: { status: 200, body: 'so it is' },
    });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/api/v1/lines/L1/restart?soft=1',
        headers: {
          authorization: `Bearer ${token}`,
          'idempotency-key': 'andon-7-1-do',
          'content-type': 'application/json',
          'x-reason': 'stuck',
        },
        body: '{"reason":"a \\"quoted\\" reason","parts":[1,null]}',
      },
    ]);
  },
);

test.for([
  ['GET', 200, 'succeeded', 0],
  ['GET', 503, 'failed', 0],
  ['HEAD', 204, 'succeeded', 0],
  ['POST', 201, 'succeeded', 1],
  ['POST', 302, 'failed', null],
  ['POST', 404, 'failed', 0],
  ['PUT', 409, 'failed', 0],
  ['DELETE', 500, 'failed', null],
  ['PATCH', 503, 'failed', null],
] as const)(
  '%s that is answered with %i has %s, and has changed %s.',
  async ([method, status, outcome, touched]) => {
    await using server = await statusServer();
    expect(await run({ method, path: `/status/${status}` }, server.url)).toMatchObject({
      outcome,
      touched,
      details: { status },
    });
    // A redirect is not followed, least of all with the token.
    expect(server.seen).toHaveLength(1);
  },
);

test('Which status is expected can be said: gone already is as good as deleted.', async () => {
  await using server = await statusServer();
  const written = { method: 'DELETE', expect_status: [204, 404] };
  expect(await run({ ...written, path: '/status/404' }, server.url)).toMatchObject({
    outcome: 'succeeded',
    touched: 0,
  });
  expect(await run({ ...written, path: '/status/200' }, server.url)).toMatchObject({
    outcome: 'failed',
    touched: 1,
  });
});

test('Where nobody listens nothing was changed; where the line is cut nobody knows.', async () => {
  const [port = 0] = await freePorts(1);
  for (const host of ['127.0.0.1', 'localhost'])
    expect(await run({ method: 'POST', path: '/x' }, `http://${host}:${port}`)).toMatchObject({
      outcome: 'failed',
      touched: 0,
      summary: expect.stringContaining('ECONNREFUSED'),
    });
  await using server = await plainServer((_seen, request) => request.socket.destroy());
  const cut = await run({ method: 'POST', path: '/x' }, server.url);
  expect(cut).toMatchObject({ outcome: 'failed', touched: null });
  expect(cut.summary).toContain('is not known');
  expect(await run({ path: '/x' }, server.url)).toMatchObject({ outcome: 'failed', touched: 0 });
});

test('A server that hangs is left when the step is stopped, and what it did is not known.', async () => {
  await using server = await plainServer(() => {});
  const stop = new AbortController();
  const running = run({ method: 'PUT', path: '/x' }, server.url, { signal: stop.signal });
  await waitFor(() => server.seen.length === 1, { what: 'the request', timeoutMs: 20_000 });
  stop.abort(new Error('stopped'));
  expect(await running).toMatchObject({ outcome: 'failed', touched: null });
});

test('Of a long answer the beginning is kept, and an endless one is not read to its end.', async () => {
  await using server = await plainServer((_seen, _request, response) => {
    const more = () => {
      while (!response.destroyed && response.write('ü'.repeat(1000)));
    };
    response.on('drain', more);
    more();
  });
  const { details } = await run({ path: '/endless' }, server.url);
  expect(details.body).toBe('ü'.repeat(2000));
});

test.for([
  '..',
  '.',
  '../admin',
  '/evil',
  '?x=1',
  'a b',
  '#',
  '%2e%2e',
  '\t',
  '\\evil',
  '$(reboot)',
  "'; DROP TABLE x",
])(
  'A value from outside stays one segment of the path, or is refused with nothing sent: %s',
  async (value) => {
    await using server = await statusServer();
    const written = http.params.parse({ method: 'POST', path: '/api/lines/${inputs.line}/restart' });
    const filled = fillIn(written, new Map([['inputs.line', value]]), (key) =>
      http.placeholders?.[key] === 'url' ? 'url' : 'as-it-is',
    );
    const world = stepWorld({ wms: { kind: 'http', url: server.url } });
    const result = await http.run(filled, world, AbortSignal.timeout(20_000));
    if (result.outcome === 'refused') return expect(server.seen).toEqual([]);
    expect(server.seen.map(({ url }) => url)).toEqual([`/api/lines/${encodeURIComponent(value)}/restart`]);
  },
);

test.for([
  '//evil.example/x',
  'http://evil.example/x',
  '/../x',
  '/a/%2E%2e/x',
  '/a/.%2e/x',
  '/\\evil.example/x',
  '/\t/evil.example',
  '/a#b',
  'relative',
  '',
])(
  'A path that could leave its target is a mistake in the file, and refused with nothing sent: %j',
  async (path) => {
    expect(http.params.safeParse({ path }).success).toBe(false);
    await using server = await statusServer();
    const world = stepWorld({ wms: { kind: 'http', url: `${server.url}/api` } });
    const params = { ...http.params.parse({ path: '/x' }), path };
    expect(await http.run(params, world, AbortSignal.timeout(20_000))).toMatchObject({
      outcome: 'refused',
      touched: 0,
    });
    expect(server.seen).toEqual([]);
  },
);

test('A header cannot bring another one, nor say what is ours to say.', async () => {
  await using server = await statusServer();
  const injected = { path: '/x', headers: { 'x-reason': 'a\r\nauthorization: Bearer evil' } };
  expect(await run(injected, server.url)).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(server.seen).toEqual([]);
  for (const name of ['Authorization', 'Idempotency-Key', 'host', 'a b', 'a\r\nb'])
    expect(http.params.safeParse({ path: '/x', headers: { [name]: 'x' } }).success, name).toBe(false);
});

test('A target with a password in its url is refused, and the password is in no plan.', async () => {
  const world = stepWorld({ wms: { kind: 'http', url: 'http://me:hidden@127.0.0.1:1/api' } });
  const params = http.params.parse({ method: 'POST', path: '/x', body: { a: 1 } });
  const result = await http.run(params, world, AbortSignal.timeout(20_000));
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  const plan = http.plan(params, world);
  expect(plan).toMatchObject([
    { does: 'POST /x with {"a":1}, and expect a status of 2xx', on: 'wms (127.0.0.1:1/api)' },
  ]);
  expect(JSON.stringify([plan, result])).not.toContain('hidden');
});

test('What may be repeated is what RFC 9110 says, and what the author vouches for.', () => {
  const repeatable = (written: object) => http.repeatable(http.params.parse({ path: '/x', ...written }));
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
    expect(repeatable({ method })).toBe(true);
    expect(http.params.safeParse({ path: '/x', method, repeatable: true }).success).toBe(false);
  }
  for (const method of ['POST', 'PATCH']) {
    expect(repeatable({ method })).toBe(false);
    expect(repeatable({ method, repeatable: true })).toBe(true);
  }
  expect(http.params.safeParse({ path: '/x', body: {} }).success).toBe(false);
});
