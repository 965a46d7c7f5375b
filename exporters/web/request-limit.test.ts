import { once } from 'node:events';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { metrics } from '../catalogue.ts';
import type { Collected } from '../collector.ts';
import { sample } from '../sample.ts';
import { fakeCollector, startAppServer } from './testing/app-server.ts';
import { ask, send } from './testing/ask.ts';

const targets = { 'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/mes' } };

describe('more requests than max_requests', () => {
  it('get 503, while health answers, and a client that goes away frees its place', async () => {
    let runs = 0;
    const stuck = fakeCollector('stuck', 'mes-db', {
      collect: () => {
        runs += 1;
        return new Promise<Collected>(() => {});
      },
      timeoutMs: 60_000,
    });
    const patience = { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '60' } };
    await using small = await startAppServer({ collectors: [stuck], targets, maxRequests: 2 });
    const url = `${small.url}/probe?target=mes-db`;
    const hanging = [send(url, patience), send(url, patience)];
    const gone = hanging.map((request) => once(request, 'close').catch(() => {}));
    const over = await waitFor(
      async () => {
        const answer = await ask(`${small.url}/sd`);
        return answer.status === 503 && answer;
      },
      { what: 'the limit', timeoutMs: 10_000 },
    );
    expect(over.headers['retry-after']).toBe('1');
    expect(over.body).toBe('2 requests are under way: see max_requests\n');
    expect((await ask(`${small.url}/-/healthy`)).status).toBe(200);
    for (const request of hanging) request.on('error', () => {}).destroy();
    await Promise.all(gone);
    const free = async () => (await ask(`${small.url}/sd`)).status === 200;
    expect(await waitFor(free, { what: 'a free place', timeoutMs: 10_000 })).toBe(true);
    expect(runs).toBe(1);
  });

  it('are free again after a reader that left in the middle of a long answer', async () => {
    const count = 50_000;
    const many = fakeCollector('many', 'mes-db', {
      collect: async () => ({
        samples: Array.from({ length: count }, (_, index) =>
          sample(metrics.workOrders, { target: 'mes-db', state: `state ${index}` }, index),
        ),
      }),
    });
    const lines: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
    await using small = await startAppServer({ collectors: [many], targets, maxRequests: 1, log });
    const url = `${small.url}/probe?target=mes-db`;
    const request = send(url);
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.destroy();
    const whole = await waitFor(
      async () => {
        const answer = await ask(url, { headers: { 'accept-encoding': 'identity' } });
        return answer.status === 200 && answer;
      },
      { what: 'a free place', timeoutMs: 20_000 },
    );
    expect(whole.body.match(/^mes_work_orders\{/gm)).toHaveLength(count);
    expect(lines).toEqual([]);
  });
});
