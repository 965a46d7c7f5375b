import express from 'express';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import type { ListeningServer } from '../../kit/http-server.ts';
import type { Collected } from '../collector.ts';
import { parseMetrics } from '../testing/metrics-text.ts';
import { fakeCollector, startAppServer } from './testing/app-server.ts';
import { ask } from './testing/ask.ts';

const password = 's3cret/word';
const database = (name: string) => `postgres://exporter:${encodeURIComponent(password)}@127.0.0.1:1/${name}`;
const targets = {
  'mes-db': { kind: 'postgres', url: database('mes'), production: true },
  'erp-db': { kind: 'postgres', url: database('erp') },
  'wms-link': { kind: 'link', control: 'http://127.0.0.1:1', link: 'wms' },
};
const failing = fakeCollector('work_orders', 'mes-db', {
  collect: async (run): Promise<Collected> => {
    await run.step('connect', async () => {});
    return run.step(`SELECT state\n  FROM work_orders`, async () => {
      throw new Error(`${password} was refused by ${database('mes')} and http://who:pw@else/`);
    });
  },
});
const collectors = [
  fakeCollector('locks', 'mes-db'),
  failing,
  fakeCollector('locks', 'erp-db'),
  fakeCollector('host', '<b>"this" & that'),
  fakeCollector('doors', 'erp-db', {
    routes: (router) => {
      router.get('/broken', () => {
        throw new Error('the reason');
      });
      router.post('/heartbeats', express.json(), (request, response) => void response.json(request.body));
    },
  }),
];

let server: ListeningServer;
const logged: string[] = [];
beforeAll(async () => {
  const log = pino({ level: 'error' }, { write: (line: string) => logged.push(line) });
  server = await startAppServer({ collectors, targets, atMetrics: ['mes-db'], log });
});
afterAll(() => server?.[Symbol.asyncDispose]());
const get = (path: string, options = {}) => ask(`${server.url}${path}`, options);
const success = (collector: string, target: string) =>
  `mes_exporter_collector_success{collector="${collector}",target="${target}"}`;
const asked = async (path: string) => {
  const { status, body } = await get(path);
  expect(status, body).toBe(200);
  return [...parseMetrics(body)].filter(([name]) => name.startsWith('mes_exporter_collector_success'));
};

describe('/probe', () => {
  it('asks all collectors of one target, and nothing of another', async () => {
    expect(await asked('/probe?target=mes-db')).toEqual([
      [success('locks', 'mes-db'), 1],
      [success('work_orders', 'mes-db'), 0],
    ]);
    const { headers, body } = await get('/probe?target=mes-db');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).not.toContain('process_example');
    expect((await runChecker('promtool', ['check', 'metrics'], body)).output).toBe('');
  });

  it('asks only the collectors that collect names, in both forms', async () => {
    expect(await asked('/probe?target=mes-db&collect[]=locks')).toEqual([[success('locks', 'mes-db'), 1]]);
    expect(await asked('/probe?target=mes-db&collect=locks')).toEqual([[success('locks', 'mes-db'), 1]]);
    expect(await asked('/probe?target=mes-db&collect%5B%5D=locks&collect[]=work_orders')).toHaveLength(2);
  });

  const known = 'Can be probed: mes-db, erp-db, <b>"this" & that';
  it.each([
    ['/probe', 400, `which target? Ask /probe?target=NAME. ${known}`],
    ['/probe?target=', 400, `which target? Ask /probe?target=NAME. ${known}`],
    ['/probe?target=mes-db&target=erp-db', 400, 'one target at a time: 2 were asked for'],
    ['/probe?target=mes-bd', 404, `no target is called "mes-bd". Did you mean "mes-db"? ${known}`],
    ['/probe?target=%1b%0ax', 404, `no target is called "\\u001b\\nx". ${known}`],
    ['/probe?target=toString', 404, `no target is called "toString". ${known}`],
    ['/probe?target=wms-link', 404, `nothing can be measured of "wms-link", which is of kind link. ${known}`],
    [
      '/probe?target=mes-db&collect[]=lock',
      400,
      '"mes-db" has no collector "lock". Did you mean "locks"? It has: locks, work_orders',
    ],
    [
      '/probe?target=erp-db&collect=work_orders',
      400,
      '"erp-db" has no collector "work_orders". It has: locks, doors',
    ],
  ])('answers %s with %i: %s', async (path, status, text) => {
    const { headers, ...answer } = await get(path);
    expect(answer).toEqual({ status, body: `${text}\n` });
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('with debug=true tells deadline, steps, errors and samples, and no password', async () => {
    const { body, headers } = await get('/probe?target=mes-db&debug=true', {
      headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '2' },
    });
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    const [told = '', samples = ''] = body.split('samples:\n');
    expect(told.replaceAll(/ *\d+ ms/g, ' N ms').replaceAll(/ +/g, ' ')).toBe(
      [
        '2 collectors, 1 failed',
        'deadline: N ms (X-Prometheus-Scrape-Timeout-Seconds: 2, less N ms for the way back); used: N ms',
        '',
        'locks of mes-db: succeeded in N ms, 5 series',
        ' N ms ask for locks',
        '',
        'work_orders of mes-db: FAILED in N ms, 3 series',
        ' failure: [secret] was refused by postgres://exporter:[secret]@127.0.0.1:1/mes and http://who:[secret]@else/',
        ' N ms connect',
        ' N ms SELECT state FROM work_orders FAILED: [secret] was refused by postgres://exporter:[secret]@127.0.0.1:1/mes and http://who:[secret]@else/',
        '',
        '',
      ].join('\n'),
    );
    expect(told).toContain('deadline: 1500 ms');
    expect(parseMetrics(samples).get('mes_db_connections_max{target="mes-db"}')).toBe(100);
    for (const secret of [password, encodeURIComponent(password)]) expect(body).not.toContain(secret);
    expect((await get('/probe?target=mes-db&debug=false')).body).not.toContain('deadline');
  });

  it('tells headers to HEAD without asking the target, and the same mistakes', async () => {
    const { status, headers, body } = await get('/probe?target=mes-db', { method: 'HEAD' });
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await get('/probe?target=nobody', { method: 'HEAD' })).status).toBe(404);
  });
});

describe('/metrics', () => {
  it('shows what andon.yaml lists, what has no target, and the own process', async () => {
    const { body } = await get('/metrics', { headers: { 'accept-encoding': 'identity' } });
    expect(body).toContain('process_example 1\n');
    expect((await asked('/metrics')).map(([series]) => series)).toEqual([
      success('locks', 'mes-db'),
      success('work_orders', 'mes-db'),
      success('host', '<b>\\"this\\" & that'),
    ]);
  });

  it('shows only what collect names', async () => {
    expect(await asked('/metrics?collect[]=locks')).toEqual([[success('locks', 'mes-db'), 1]]);
    expect((await get('/metrics?collect[]=locks')).body).not.toContain('process_example');
    expect((await get('/metrics?collect=process')).body).toContain('process_example 1\n');
    expect(await get('/metrics?collect[]=lock')).toMatchObject({
      status: 400,
      body: '/metrics has no collector "lock". Did you mean "locks"? It has: locks, work_orders, host, process\n',
    });
  });
});

describe('/sd', () => {
  it('names each target of which something can be measured, at the address it was asked at', async () => {
    const { headers, body } = await get('/sd', { headers: { host: 'exporter.plant:9464' } });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    const groups = JSON.parse(body) as { targets: string[]; labels: Record<string, string> }[];
    expect(groups.map(({ labels }) => labels.__param_target)).toEqual([
      'mes-db',
      'erp-db',
      '<b>"this" & that',
    ]);
    expect(groups[0]).toEqual({
      targets: ['exporter.plant:9464'],
      labels: {
        __metrics_path__: '/probe',
        __param_target: 'mes-db',
        instance: 'mes-db',
        kind: 'postgres',
        __meta_andon_target: 'mes-db',
        __meta_andon_kind: 'postgres',
        __meta_andon_collectors: ',locks,work_orders,',
        __meta_andon_production: 'true',
        __meta_andon_drillable: 'false',
      },
    });
    expect(groups[2]?.labels.kind).toBe('host');
  });
});

describe('every other request', () => {
  it('finds the page for people, with links to each probe and nothing that a name could inject', async () => {
    const { headers, body } = await get('/');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('<a href="/probe?target=mes-db&amp;debug=true">explained</a>');
    expect(body).toContain(
      '<a href="/probe?target=mes-db&amp;collect%5B%5D=locks&amp;debug=true">locks of mes-db</a>',
    );
    expect(body).toContain('&lt;b&gt;&quot;this&quot; &amp; that');
    expect(body).not.toContain('<b>');
  });

  it.each([
    ['POST', '/metrics', 405, 'POST is not possible here; GET is\n'],
    ['DELETE', '/probe', 405, 'DELETE is not possible here; GET is\n'],
    ['OPTIONS', '/sd', 405, 'OPTIONS is not possible here; GET is\n'],
    ['PUT', '/-/healthy', 405, 'PUT is not possible here; GET is\n'],
    ['GET', '/metric', 404, 'nothing is here; see / for what there is\n'],
    ['GET', '/-/healthy', 200, 'healthy\n'],
    ['HEAD', '/-/ready', 200, ''],
    ['GET', '/broken', 500, 'internal error: see the log of the exporter\n'],
  ])('%s %s answers %i', async (method, path, status, body) => {
    const answer = await get(path, { method });
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
    expect(answer.headers.allow).toBe(status === 405 ? 'GET, HEAD' : undefined);
  });

  it('reaches the routes of collectors; what fails there stands in the log alone', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': '2' };
    const post = (body: string) => ask(`${server.url}/heartbeats`, { method: 'POST', headers, body });
    expect(await post('{}')).toMatchObject({ status: 200, body: '{}' });
    expect((await post('{!')).status).toBe(400);
    expect(logged.filter((line) => line.includes('"reason":"the reason"'))).toHaveLength(1);
  });
});
