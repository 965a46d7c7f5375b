import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKeeper } from '../../kit/keeper.ts';
import { silentLog } from '../../kit/log.ts';
import { freePorts } from '../../kit/ports.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { findProgram } from '../../lab/programs.ts';
import { startPrometheus } from '../../lab/services/prometheus.ts';
import { plainServer } from '../testing/plain-server.ts';
import { stepWorld } from '../testing/step-world.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { conditionTargetProblem } from './asked-target.ts';
import { condition } from './condition.ts';
import { waitForCondition } from './wait-for-condition.ts';

const opened = new AsyncDisposableStack();
let prometheus = '';

beforeAll(async () => {
  const folder = opened.use(tempFolder());
  const keeper = opened.use(await startKeeper());
  const [port = 0] = await freePorts(1);
  writeFileSync(folder.file('prometheus.yml'), 'scrape_configs: []\n');
  const files = {
    folder: folder.path,
    logFile: folder.file('log'),
    configFile: folder.file('prometheus.yml'),
  };
  const program = findProgram('prometheus', process.env.PATH ?? '');
  const owner = { keeper, log: silentLog };
  opened.use(await startPrometheus({ ...files, port, program, env: {}, owner }));
  prometheus = `http://127.0.0.1:${port}`;
}, 90_000);
afterAll(() => opened.disposeAsync());

/** Asked once, unless it is given time. */
const wait = (question: object, targets = {}, signal = AbortSignal.timeout(20_000)) =>
  waitForCondition(
    condition.parse({ name: 'healthy', within: '0s', ...question }),
    stepWorld(targets, { prometheus }),
    signal,
  );

const two =
  'label_replace(vector(1), "line", "L1", "", "") or label_replace(vector(3), "line", "L2", "", "")';

test('A number from Prometheus is compared, and every series must hold.', async () => {
  expect(await wait({ promql: 'vector(0.99)', expect: '>= 0.99' })).toBeUndefined();
  expect(await wait({ promql: '1 + 1', expect: '== 2' })).toBeUndefined();
  expect(await wait({ promql: 'vector(1) / 0', expect: '> 1000' })).toBeUndefined();
  expect(await wait({ promql: two, expect: '>= 1' })).toBeUndefined();
  expect(await wait({ promql: two, expect: '<= 2' })).toMatch(/last answer: 3/);
  expect(await wait({ promql: 'vector(0.98)', expect: '>= 0.99' })).toBe(
    'not true within 0 s: healthy (last answer: 0.98)',
  );
});

test('No sample, NaN, a wrong query and a Prometheus that is gone are no answer, whatever is expected.', async () => {
  expect(await wait({ promql: 'nothing_of_that_name', expect: '!= 5' })).toMatch(/no sample/);
  expect(await wait({ promql: 'vector(0) / 0', expect: '!= 5' })).toMatch(/NaN/);
  expect(await wait({ promql: 'sum(', expect: '!= 5' })).toMatch(/parse error/);
  const [port = 0] = await freePorts(1);
  const gone = stepWorld({}, { prometheus: `http://127.0.0.1:${port}` });
  const asked = condition.parse({ name: 'healthy', promql: '1', expect: '== 1', within: '0s' });
  expect(await waitForCondition(asked, gone, AbortSignal.timeout(20_000))).toContain(
    `Prometheus at 127.0.0.1:${port}: fetch failed: connect ECONNREFUSED`,
  );
});

test('The status of a GET is compared: of a path with the token of the target, of a whole URL without.', async () => {
  await using server = await plainServer(({ url }, _request, response) => {
    response.writeHead(url === '/api/-/ready' ? 200 : 302, { location: '/api/-/ready' }).end('ready');
  });
  const targets = { wms: { kind: 'http', url: `${server.url}/api/`, token: 'secret-of-wms' } };
  expect(await wait({ http: '/-/ready', expect: '== 200' }, targets)).toBeUndefined();
  expect(await wait({ http: `${server.url}/api/-/ready`, expect: '== 200' }, targets)).toBeUndefined();
  expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer secret-of-wms',
    undefined,
  ]);
  // A redirect is an answer, and is not followed.
  expect(await wait({ http: '/moved', expect: '== 200' }, targets)).toMatch(/last answer: 302/);
  for (const path of ['/../admin', '/%2e%2E/admin', '//127.0.0.1:1/x'])
    expect(await wait({ http: path, expect: '== 302' }, targets)).toMatch(/not true/);
  expect(server.seen).toHaveLength(3);
});

test('It is asked again until it is true; a target of its own wins over that of the runbook.', async () => {
  let left = 3;
  await using healing = await plainServer((_seen, _request, response) => {
    response.writeHead(left-- > 0 ? 503 : 200).end();
  });
  const targets = {
    other: { kind: 'http', url: 'http://127.0.0.1:1' },
    mes: { kind: 'mes', url: healing.url, database: 'db' },
  };
  expect(await wait({ http: '/', expect: '== 200', target: 'mes', within: '30s' }, targets)).toBeUndefined();
  expect(healing.seen).toHaveLength(4);
});

test('Whoever hangs is given up by the question, and an abort ends the wait with its reason.', async () => {
  await using silent = await plainServer(() => {});
  const targets = { mes: { kind: 'mes', url: silent.url, database: 'db' } };
  expect(await wait({ http: '/', expect: '== 200' }, targets)).toMatch(/last answer: no answer within 1s/);
  const stop = new AbortController();
  const waiting = wait({ http: '/', expect: '== 200', within: '1h' }, targets, stop.signal);
  await waitFor(() => silent.seen.length === 2, { what: 'the question', timeoutMs: 20_000 });
  stop.abort(new Error('the run was stopped'));
  await expect(waiting).rejects.toThrow('the run was stopped');
});

test('Who cannot be asked is known before: no target, none of that name, or one of a kind that cannot answer.', () => {
  const targets = targetsSchema.parse({
    mes: { kind: 'mes', url: 'http://127.0.0.1:1', database: 'mes-db' },
    'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/mes' },
  });
  const problem = (question: object, fallback?: string) =>
    conditionTargetProblem(condition.parse({ name: 'healthy', ...question }), targets, fallback);
  expect(problem({ no_rows: 'SELECT 1' }, 'mes-db')).toBeUndefined();
  expect(problem({ no_rows: 'SELECT 1', target: 'mes-db' }, 'mes')).toBeUndefined();
  expect(problem({ http: '/', expect: '== 200' }, 'mes')).toBeUndefined();
  expect(problem({ http: 'http://127.0.0.1:1/', expect: '== 200' })).toBeUndefined();
  expect(problem({ promql: 'up', expect: '== 1' })).toBeUndefined();
  expect(problem({ no_rows: 'SELECT 1' })).toBe('"healthy" needs a target: postgres or mysql');
  expect(problem({ no_rows: 'SELECT 1' }, 'mes')).toMatch(/of kind mes and not postgres or mysql/);
  expect(problem({ http: '/', expect: '== 200' }, 'mes-db')).toMatch(/of kind postgres and not mes or http/);
  expect(problem({ no_rows: 'SELECT 1', target: 'constructor' })).toMatch(/not under "targets"/);
});
