import type { IncomingMessage } from 'node:http';
import { listen } from '../../kit/http-server.ts';

/** A request that reached the fake MES. */
export interface SeenRequest {
  path: string;
  key: string | undefined;
  onBehalfOf: string | undefined;
  body: Record<string, unknown>;
}

/** A MES that answers what the test says, and remembers what it was asked. */
export interface FakeMes extends AsyncDisposable {
  readonly url: string;
  /** The posts, without heartbeats, in the order of their coming. */
  readonly posts: SeenRequest[];
  readonly heartbeats: SeenRequest[];
  /** What posts are answered: a status, or `hang` for no answer at all. */
  answer: number | 'hang' | ((request: SeenRequest) => number | 'hang');
  ready: boolean;
  jobOrders: object[];
  /** The most posts of one source that were on their way at the same time. */
  mostAtOnce: number;
}

export async function startFakeMes(): Promise<FakeMes> {
  const atOnce = new Map<string, number>();
  const mes = { posts: [], heartbeats: [], answer: 200, ready: true, jobOrders: [], mostAtOnce: 0 } as Omit<
    FakeMes,
    'url' | typeof Symbol.asyncDispose
  >;
  const server = await listen(
    async (request, response) => {
      const end = (status: number, body: unknown = {}) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      const path = request.url ?? '';
      if (path === '/-/ready') return end(mes.ready ? 200 : 503);
      if (path.startsWith('/job-orders?')) return mes.ready ? end(200, mes.jobOrders) : end(503);
      const seen = await seenOf(request, path);
      if (path === '/heartbeats') {
        mes.heartbeats.push(seen);
        return end(204);
      }
      const source = String(seen.body.source ?? seen.body.unit);
      atOnce.set(source, (atOnce.get(source) ?? 0) + 1);
      response.once('close', () => atOnce.set(source, (atOnce.get(source) ?? 0) - 1));
      mes.mostAtOnce = Math.max(mes.mostAtOnce, atOnce.get(source) ?? 0);
      mes.posts.push(seen);
      const answer = typeof mes.answer === 'function' ? mes.answer(seen) : mes.answer;
      if (answer !== 'hang') setImmediate(() => end(answer, { error: { code: 'test', message: 'as told' } }));
    },
    { host: '127.0.0.1', port: 0 },
  );
  return Object.assign(mes, { url: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
}

async function seenOf(request: IncomingMessage, path: string): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const key = request.headers['idempotency-key'];
  const onBehalfOf = request.headers['x-on-behalf-of'];
  return {
    path,
    key: typeof key === 'string' ? key : undefined,
    onBehalfOf: typeof onBehalfOf === 'string' ? onBehalfOf : undefined,
    body: JSON.parse(Buffer.concat(chunks).toString() || '{}'),
  };
}
