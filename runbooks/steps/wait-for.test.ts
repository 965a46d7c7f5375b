import { expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { plainServer } from '../testing/plain-server.ts';
import { stepWorld } from '../testing/step-world.ts';
import { waitForStep } from './wait-for.ts';

const ready = (within = '30s') =>
  waitForStep.params.parse({ name: 'the MES is ready', http: '/-/ready', expect: '== 200', within });
const mes = (url: string) => stepWorld({ mes: { kind: 'mes', url, database: 'mes-db' } });

test('It goes on as soon as the condition is true, and has changed nothing.', async () => {
  let left = 2;
  await using server = await plainServer((_seen, _request, response) => {
    response.writeHead(left-- > 0 ? 503 : 200).end();
  });
  expect(await waitForStep.run(ready(), mes(server.url), AbortSignal.timeout(20_000))).toEqual({
    outcome: 'succeeded',
    summary: 'it is true: the MES is ready',
    touched: 0,
    details: {},
  });
  expect(server.seen).toHaveLength(3);
});

test('What does not come true fails with its last answer.', async () => {
  await using server = await plainServer((_seen, _request, response) => response.writeHead(503).end());
  expect(await waitForStep.run(ready('1ms'), mes(server.url), AbortSignal.timeout(20_000))).toMatchObject({
    outcome: 'failed',
    summary: 'not true within 0.001 s: the MES is ready (last answer: 503)',
    touched: 0,
  });
});

test('It stops when it is stopped, and where nobody can be asked it is refused.', async () => {
  await using server = await plainServer((_seen, _request, response) => response.writeHead(503).end());
  const stop = new AbortController();
  const running = waitForStep.run(ready('1h'), mes(server.url), stop.signal);
  await waitFor(() => server.seen.length > 0, { what: 'a question', timeoutMs: 20_000 });
  stop.abort(new Error('time is over'));
  expect(await running).toMatchObject({ outcome: 'failed', touched: 0 });
  expect((await running).summary).toContain('time is over');
  const refused = await waitForStep.run(ready(), stepWorld(), AbortSignal.timeout(20_000));
  expect(refused).toMatchObject({ outcome: 'refused', summary: expect.stringContaining('needs a target') });
});

test('A plan says what is asked, of whom and for how long; it may always be repeated.', () => {
  expect(waitForStep.plan(ready(), mes('http://127.0.0.1:1'))).toMatchObject([
    { does: 'wait up to 30s until the MES is ready: http /-/ready == 200', on: 'mes' },
  ]);
  expect(waitForStep.repeatable(ready())).toBe(true);
});
