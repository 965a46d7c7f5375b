import { afterEach, beforeEach, expect, test } from 'vitest';
import { snapshotSetSection } from '../snapshots/config.ts';
import { rollbackSnapshot } from '../snapshots/rollback.ts';
import { notice } from '../testing/engine-world.ts';
import { halfDoneRollback } from '../testing/half-done-rollback.ts';
import { plainServer } from '../testing/plain-server.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { csrfIn, hmacSecret, people, programToken, WebWorld } from '../testing/web-world.ts';

let web: WebWorld;
let cookie: string;
beforeEach(async () => {
  web = await new WebWorld({ triggers: [{ alert: 'MesDatabaseBlocked' }, { event: 'go' }] }).start();
  cookie = await web.signIn('wang');
});
afterEach(() => web[Symbol.asyncDispose]());

const begin = (labels: Record<string, string> = {}, fingerprint = 'f1') =>
  web.program('POST', '/alertmanager', {
    version: '4',
    alerts: [{ ...notice({ labels, fingerprint }), startsAt: '2026-01-31T08:00:00Z' }],
  });
const page = async (path: string, headers = {}) => (await web.call('GET', path, { cookie, ...headers })).text;

test('A run is shown with its plan, steps, reasons and times of the plant, in whatever language its labels are.', async () => {
  web.world.step.act = async () => ({
    ...{ outcome: 'succeeded', summary: '结束了会话 4711', touched: 1, details: { pid: 4711 } },
  });
  await begin({ line: '装配线 2' });
  await web.world.settled();
  const text = await page('/run/1');
  for (const part of [
    '装配线 2',
    '结束了会话 4711',
    '"pid": 4711'.replaceAll('"', '&quot;'),
    'succeeded',
    'changed 1',
  ])
    expect(text).toContain(part);
  expect(text).toContain('title="2026-01-31T08:00:00.000Z (UTC)">2026-01-31 16:00:00</time>');
  expect(text).toContain('All its checks had come true');
  expect(await page('/')).toContain('>act on mes-db</a>');
  // On a phone the name of an alert is broken between its words only.
  for (const path of ['/', '/run/1'])
    expect(await page(path)).toContain('Mes<wbr>Database<wbr>Blocked</span>');
});

test('A run that a person must go on with says what to do.', async () => {
  web.world.step.act = async () => {
    throw new Error('no answer');
  };
  await begin();
  await web.world.settled();
  expect(await page('/run/1')).toMatch(/What to do now.*Step 1 \(test\.act\) may have taken effect/s);
});

test('A run that was not needed says why, and asks nobody to do anything.', async () => {
  await using server = await plainServer((_seen, _request, response) => response.writeHead(404).end());
  const applies = [{ name: 'a version is on trial', http: server.url, expect: '== 200' }];
  web.world.runbooks = [web.world.runbook({ applies })];
  await web.start();
  await begin();
  await web.world.settled();
  const text = await page('/run/1');
  expect(text).toContain('<span class="state ">not needed</span>');
  expect(text).toContain('<dt>Needed</dt><dd>no: not true: a version is on trial (404)</dd>');
  expect(text).not.toContain('What to do now');
});

test('What a condition could not be asked is shown without the password in its address.', async () => {
  const applies = [{ name: 'it is needed', http: 'http://li:hidden-word@127.0.0.1:9/', expect: '== 200' }];
  web.world.runbooks = [web.world.runbook({ applies })];
  await web.start();
  await begin();
  await web.world.settled();
  expect(await page('/run/1')).toContain('<dt>Needed</dt><dd>not known: nobody could say whether');
  expect(web.world.runs[0]?.need?.said).toContain('hidden-word');
  expect(await page('/run/1')).not.toContain('hidden-word');
});

test('The overview shows big buttons only to whoever may answer, and says who has paused the runbooks.', async () => {
  web.world.runbooks = [web.world.runbook({ mode: 'approve', approval: { roles: ['leader'] } })];
  await web.start();
  await begin();
  expect(await page('/')).toMatch(/Waits for you.*value="approved">Approve</s);
  const others = (await web.call('GET', '/', { cookie: await web.signIn('chen') })).text;
  expect(others).toContain('You cannot answer: it takes one of the roles leader');
  expect(others).not.toContain('value="approved"');
  await web.program('PUT', '/hold', { holder: 'the night shift', leaseMs: 60_000 });
  expect(await page('/')).toContain('Paused by the night shift');
});

test('A rollback that was broken off is shown until it is mended, with the command that does.', async () => {
  using temp = tempFolder();
  await using half = await halfDoneRollback(temp);
  const { set, to } = half;
  web.snapshots = { config: snapshotSetSection.parse(half.section) };
  await web.start();
  expect(await page('/')).not.toContain('broken off');
  await half.kill();
  expect(await page('/')).toMatch(
    new RegExp(`Half done.*broken off at <time.*andon snapshot rollback config ${to}`, 's'),
  );
  await rollbackSnapshot(set, to, { clock: web.clock });
  expect(await page('/')).not.toContain('broken off');
});

test('It is said which runbook may act by itself, and why another may not.', async () => {
  const [proven] = web.world.runbooks;
  const other = web.world.runbook({ id: 'other' });
  web.world.prove(other, false);
  web.world.runbooks = [...(proven ? [proven] : []), other];
  await web.start();
  const text = await page('/');
  expect(text).toMatch(/by itself.*passed/s);
  expect(text).toMatch(/other.*asks.*did not pass/s);
});

test('Every answer forbids what a page does not need, and the script gets only what changes.', async () => {
  await begin();
  for (const path of ['/', '/run/1', '/sign-in', '/runs', '/-/healthy', '/nowhere']) {
    const { headers } = await web.call('GET', path, { cookie });
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
    );
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
    expect(headers['cache-control']).toBe('no-store');
  }
  const whole = await page('/');
  expect(whole).not.toMatch(/<script(?![^>]* src=)|\son\w+=|<style|\sstyle=/);
  expect(whole).toMatch(/<noscript><meta http-equiv="refresh"/);
  const part = await page('/', { 'x-andon-part': 'main' });
  expect(part.trim().startsWith('<section')).toBe(true);
  expect(part).not.toContain('<html');
  for (const [, path = ''] of whole.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g))
    expect((await web.call('GET', path)).status).toBe(200);
});

test('No page and no JSON shows a token or a password, whatever a step says.', async () => {
  const secrets = [programToken, hmacSecret, ...Object.values(people).map(({ token }) => token), 'geheim123'];
  const said = `postgres://mes:geheim123@db/mes ${secrets.slice(0, -1).join(' ')}`;
  web.world.step.act = async () => ({
    outcome: 'failed',
    summary: said,
    touched: 0,
    details: { said, deep: [{ said }] },
  });
  await begin();
  await web.world.settled();
  const texts = [
    await page('/'),
    await page('/run/1'),
    ...(await Promise.all(
      ['/runs', '/runs/1', '/runs/1/bundle', '/runbooks'].map(
        async (path) => (await web.program('GET', path)).text,
      ),
    )),
  ];
  for (const secret of secrets) for (const text of texts) expect(text).not.toContain(secret);
  expect(texts[1]).toContain('[secret]');
});

test('Without a session no page shows anything, and the script is told.', async () => {
  await begin();
  for (const path of ['/', '/run/1', '/run/99']) {
    const { status, headers, text } = await web.call('GET', path);
    expect([status, headers.location]).toEqual([303, `/sign-in?next=${encodeURIComponent(path)}`]);
    expect(text).not.toContain('mes-db');
    expect((await web.call('GET', path, { 'x-andon-part': 'main' })).status).toBe(401);
  }
  expect(
    (await web.form('/run/1/answer', { csrf: csrfIn(await web.call('GET', '/', { cookie })) })).status,
  ).toBe(401);
});

test.for([
  '/run/..%2f..%2f..%2fetc%2fpasswd',
  '/run/../../etc/passwd',
  '/run/%2e%2e/%2e%2e/etc/passwd',
  '/assets/../../package.json',
  '/assets/..%2f..%2fpackage.json',
  '/..%5c..%5cwindows%5cwin.ini',
  '/run/1%00',
  '/run/%',
  '/run/1e3',
  '/run/-1',
  '/run/99999999999999999999',
  '//etc/passwd',
  '/run/1/answer',
])('The path %s leads nowhere.', async (path) => {
  await begin();
  for (const headers of [{ cookie }, { authorization: `Bearer ${programToken}` }] as Record<
    string,
    string
  >[]) {
    const { status, text } = await web.call('GET', path, headers);
    expect([303, 400, 401, 404]).toContain(status);
    expect(text).not.toMatch(/root:|"version":/);
  }
});

test('The bundle has everything about a run; one that is not there is not found.', async () => {
  await begin();
  await begin({}, 'f2');
  await web.world.settled();
  const bundle = JSON.parse((await web.program('GET', '/runs/2/bundle')).text);
  expect(bundle).toMatchObject({
    run: { id: '2', steps: [{ step: 'test.act' }] },
    recent: [{ id: '1' }],
    approvals: [],
  });
  for (const path of ['/runs/9', '/runs/9/bundle', '/runs/x', '/runs/..%2f1'])
    expect((await web.program('GET', path)).status).toBe(404);
});
