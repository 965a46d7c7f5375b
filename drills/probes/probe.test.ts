import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen } from '../../kit/http-server.ts';
import { silentLog } from '../../kit/log.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { PrometheusApi } from '../prometheus-api.ts';
import { answer, type Question } from './probe.ts';

const stack = new AsyncDisposableStack();
let targets: Targets;
let page = '';
beforeAll(async () => {
  const postgres = stack.use(await startTestPostgres());
  const mariadb = stack.use(await startTestMariadb());
  const app = express().get('/teapot', (_request, response) => void response.status(418).end());
  const web = stack.use(await listen(app, { host: '127.0.0.1', port: 0 }));
  page = web.url;
  targets = targetsSchema.parse({
    'mes-db': { kind: 'postgres', url: postgres.url() },
    'erp-db': { kind: 'mysql', url: mariadb.url() },
    mes: { kind: 'mes', url: web.url, database: 'mes-db' },
  });
});
afterAll(() => stack.disposeAsync());

const ask = (question: Omit<Question, 'name'>) =>
  answer(
    { name: 'p', ...question },
    { prometheus: new PrometheusApi('http://127.0.0.1:1', fetch), targets, fetch, log: silentLog },
  );

describe('A probe', () => {
  test.each(['mes-db', 'erp-db'])(
    'asks the database %s for one number, and may not write.',
    async (target) => {
      expect(await ask({ sql: 'SELECT 6 * 7', target })).toBe(42);
      expect(await ask({ sql: 'SELECT NULL', target })).toBeNull();
      expect(await ask({ sql: 'CREATE TABLE written (id int)', target })).toBeNull();
      expect(
        await ask({
          sql: "SELECT count(*) FROM information_schema.tables WHERE table_name = 'written'",
          target,
        }),
      ).toBe(0);
    },
  );

  test('asks a path of the MES, or a whole address, for its status.', async () => {
    expect(await ask({ http: '/teapot', target: 'mes' })).toBe(418);
    expect(await ask({ http: `${page}/teapot` })).toBe(418);
  });

  test('that cannot be asked has no answer.', async () => {
    expect(await ask({ http: '/teapot', target: 'mes-db' })).toBeNull();
    expect(await ask({ sql: 'SELECT 1', target: 'mes' })).toBeNull();
    expect(await ask({ promql: 'up' })).toBeNull();
  });
});
