import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Applied {
  opId: string;
  source: string;
  seq: number;
  serial: string;
  orderId: string;
}

interface FakeOrder {
  id: string;
  unit: string | null;
  state: string;
  version: number;
  quantity: number;
  reported: number;
}

/** How the fake MES treats the reports that reach it; everything else it always answers. */
export type Mood = 'well' | 'refusing' | 'applying-without-answer';

const next: Record<string, [from: string, to: string]> = {
  dispatch: ['created', 'dispatched'],
  start: ['dispatched', 'running'],
  resume: ['paused', 'running'],
  complete: ['running', 'completed'],
};

/** As much of the MES's API as a terminal uses, in memory, with every operation it applied. */
export class FakeMes implements AsyncDisposable {
  readonly applied: Applied[] = [];
  /** Op ids in the order in which they were sent, repetitions too. */
  readonly sent: string[] = [];
  readonly tokens = new Set<string>();
  readonly #orders = new Map<string, FakeOrder>();
  readonly #answers = new Map<string, [number, unknown]>();
  readonly #server = createServer((request, response) => void this.#handle(request, response));
  mood: Mood = 'well';
  url = '';

  static async start(): Promise<FakeMes> {
    const mes = new FakeMes();
    mes.#server.listen(0, '127.0.0.1');
    await once(mes.#server, 'listening');
    mes.url = `http://127.0.0.1:${(mes.#server.address() as AddressInfo).port}`;
    return mes;
  }

  get orders(): FakeOrder[] {
    return [...this.#orders.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? '/', 'http://mes');
    this.tokens.add(request.headers.authorization ?? '');
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const mood = url.pathname === '/operations' ? this.mood : 'well';
    if (url.pathname === '/operations') this.sent.push(String(body.op_id));
    if (mood === 'refusing') return answer(response, 503, { error: { code: 'database', message: 'gone' } });
    const key = request.headers['idempotency-key'];
    const [status, result] = this.#once(String(key ?? ''), () =>
      this.#route(request.method ?? '', url, body),
    );
    if (mood === 'applying-without-answer') return;
    answer(response, status, result);
  }

  #once(key: string, work: () => [number, unknown]): [number, unknown] {
    const known = this.#answers.get(key);
    if (known) return known;
    const result = work();
    if (key !== '' && result[0] < 300) this.#answers.set(key, result);
    return result;
  }

  #route(method: string, url: URL, body: Record<string, unknown>): [number, unknown] {
    if (method === 'GET') {
      const unit = url.searchParams.get('unit');
      const states = url.searchParams.get('state')?.split(',') ?? [];
      return [200, this.orders.filter((order) => order.unit === unit && states.includes(order.state))];
    }
    if (url.pathname === '/operations-requests') return this.#create(body);
    if (url.pathname === '/operations') return this.#report(body);
    return this.#command(url.pathname.split('/')[2] ?? '', body);
  }

  #create(body: Record<string, unknown>): [number, unknown] {
    const order: FakeOrder = {
      id: String(body.id),
      unit: null,
      state: 'created',
      version: 1,
      quantity: Number(body.quantity),
      reported: 0,
    };
    this.#orders.set(order.id, order);
    return [201, { ...order }];
  }

  #command(id: string, body: Record<string, unknown>): [number, unknown] {
    const order = this.#orders.get(id);
    if (!order) return [404, { error: { code: 'not-found' } }];
    const [from, to] = next[String(body.command)] ?? ['', ''];
    if (order.state !== from || order.version !== body.expected_version)
      return [409, { error: { code: 'conflict' } }];
    order.state = to;
    order.version += 1;
    if (body.command === 'dispatch') order.unit = String(body.unit);
    return [200, { id, state: order.state, version: order.version }];
  }

  #report(body: Record<string, unknown>): [number, unknown] {
    const order = this.#orders.get(String(body.work_order_id));
    if (order?.state !== 'running') return [409, { error: { code: 'not-running' } }];
    const opId = String(body.op_id);
    order.reported += 1;
    // Stricter than the MES, so that a terminal that completes with the version it knew is told to read again.
    order.version += 1;
    this.applied.push({
      opId,
      source: String(body.source),
      seq: Number(body.seq),
      serial: String(body.serial),
      orderId: order.id,
    });
    return [200, { op_id: opId, applied: true }];
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
