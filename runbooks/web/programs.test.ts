import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyAudit } from '../audit/audit.ts';
import { hmacSecret, programToken, WebWorld } from '../testing/web-world.ts';

let web: WebWorld;
beforeEach(async () => {
  web = await new WebWorld({
    triggers: [{ alert: 'MesDatabaseBlocked' }, { event: 'shift.ended' }],
    inputs: { device: { label: 'device', pattern: '[A-Z0-9-]{1,20}' } },
  }).start();
});
afterEach(() => web[Symbol.asyncDispose]());

const labels = { alertname: 'MesDatabaseBlocked', tier: 'A', device: 'PLC-7' };
const alerts = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    version: '4',
    alerts: [{ status: 'firing', labels, startsAt: '2026-01-31T08:00:00Z', fingerprint: 'f1', ...changes }],
  });
const event = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    ...{ event: 'shift.ended', id: 'night 7', at: '2026-01-31T08:00:00Z', labels: { device: 'PLC-7' } },
    ...changes,
  });
const bearer = { authorization: `Bearer ${programToken}` };
const nothingDone = () => {
  expect(web.world.runs).toEqual([]);
  expect(web.world.step.calls).toEqual([]);
};

test.for<[string, (body: string) => Record<string, string>]>([
  ['no token', () => ({})],
  ['a wrong token', () => ({ authorization: 'Bearer the-token-of-programS' })],
  ['a token in lower case', () => ({ authorization: `Bearer ${programToken.toUpperCase()}` })],
  ['the signature of another secret', (body) => web.signature(body, { secret: `${hmacSecret}x` })],
  ['the signature of another body', (body) => web.signature(`${body} `)],
  ['a signature six minutes old', (body) => web.signature(body, { seconds: secondsFromNow(-360) })],
  ['a signature of the future', (body) => web.signature(body, { seconds: secondsFromNow(360) })],
  ['a signature that is none', () => ({ 'x-andon-signature': 'v1=00' })],
  ['an empty signature', () => ({ 'x-andon-signature': '' })],
  ['the right token and a wrong signature', (body) => ({ ...bearer, ...web.signature(`${body}x`) })],
])('With %s a delivery is refused with 401, on record, and nothing is done.', async ([, headers]) => {
  for (const [path, body] of [
    ['/alertmanager', alerts()],
    ['/events', event()],
  ] as const)
    expect((await web.call('POST', path, headers(body), body)).status).toBe(401);
  nothingDone();
  expect(web.audited('request.refused')).toMatchObject([
    { method: 'POST', path: '/alertmanager' },
    { method: 'POST', path: '/events' },
  ]);
  expect(verifyAudit(web.world.audit.file)).toMatchObject({ ok: true });
});

const secondsFromNow = (seconds: number): number => Math.floor(web.clock.now() / 1000) + seconds;

test('A right signature opens the door without a token, also one that is four minutes old.', async () => {
  expect((await web.call('POST', '/alertmanager', web.signature(alerts()), alerts())).status).toBe(202);
  const old = web.signature(event(), { seconds: secondsFromNow(-240) });
  expect((await web.call('POST', '/events', old, event())).status).toBe(202);
  expect(await web.world.settled()).toMatchObject([{ outcome: 'succeeded' }, { outcome: 'succeeded' }]);
});

test('A request that was recorded and is sent again is refused, also after a restart, also as another body.', async () => {
  const headers = web.signature(event());
  expect((await web.call('POST', '/events', headers, event())).status).toBe(202);
  expect((await web.call('POST', '/events', headers, event())).status).toBe(401);
  await web.start();
  expect((await web.call('POST', '/events', headers, event())).status).toBe(401);
  expect((await web.call('POST', '/events', headers, event({ id: 'other' }))).status).toBe(401);
  expect((await web.call('POST', '/events', { ...bearer, ...headers }, event())).status).toBe(401);
  expect(web.world.runs).toHaveLength(1);
  const reasons = web.audited('request.refused').map(({ reason }) => reason);
  expect(reasons.filter((reason) => reason === 'this signature was used before')).toHaveLength(3);
});

test('Of the same signed request at the same time one is accepted.', async () => {
  const headers = web.signature(event());
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => web.call('POST', '/events', headers, event())),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([202, ...Array<number>(7).fill(401)]);
});

test('A signature of an empty body opens nothing: it would be the same for every address.', async () => {
  const headers = web.signature('');
  for (const [method, path] of [
    ['GET', '/runs'],
    ['DELETE', '/hold'],
    ['GET', '/runbooks'],
    ['POST', '/proofs'],
  ] as const)
    expect((await web.call(method, path, headers)).status).toBe(401);
});

test.for([
  '$(reboot)',
  '`reboot`',
  "'; DROP TABLE runs; --",
  '<script>alert(1)</script>',
  '"} or vector(1) or up{a="',
  'a: !!js/function "x"',
  '../../etc/passwd',
  '${inputs.device}',
  'PLC-7\nPLC-8',
  '__proto__',
])('A label that says %j is refused as an input, kept letter by letter, and shown as text.', async (evil) => {
  const sent = await web.program(
    'POST',
    '/alertmanager',
    JSON.parse(alerts({ labels: { ...labels, device: evil, [evil]: evil } })),
  );
  expect(sent.status).toBe(202);
  expect(
    (await web.program('POST', '/events', JSON.parse(event({ id: evil, labels: { device: evil } })))).status,
  ).toBe(202);
  expect(web.world.runs).toMatchObject([{ outcome: 'refused' }, { outcome: 'refused' }]);
  expect(web.world.step.calls).toEqual([]);
  const runs = JSON.parse((await web.program('GET', '/runs')).text);
  expect(runs[0].labels.device).toBe(evil);
  const cookie = await web.signIn('wang');
  for (const path of ['/', '/run/1', '/run/2']) {
    const { status, text } = await web.call('GET', path, { cookie });
    expect(status).toBe(200);
    expect(text).not.toContain('<script>alert');
    expect(text).not.toContain("DROP TABLE runs; --'");
    expect([...text.matchAll(/<script\b[^>]*>/g)]).toHaveLength(1);
  }
  expect((await web.call('GET', '/run/1', { cookie })).text).toContain(escaped(evil));
});

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

test('The same event again adds nothing; another id or time is another event.', async () => {
  const send = (changes = {}) => web.program('POST', '/events', JSON.parse(event(changes)));
  expect(JSON.parse((await send()).text)).toEqual({ runs: ['1'] });
  expect(JSON.parse((await send()).text)).toEqual({ runs: [] });
  expect(JSON.parse((await send({ at: '2026-01-31T09:00:00+01:00' })).text)).toEqual({ runs: [] });
  expect(JSON.parse((await send({ id: 'night 8' })).text)).toEqual({ runs: ['2'] });
  expect(JSON.parse((await send({ at: '2026-02-01T08:00:00Z' })).text)).toEqual({ runs: ['3'] });
  expect(JSON.parse((await send({ event: 'nobody.listens' })).text)).toEqual({ runs: [] });
  expect(web.world.runs[0]).toMatchObject({ actor: 'event shift.ended', alert: null });
});

test('An event with mistakes is answered with 400, and every mistake is named.', async () => {
  const wrong = { event: 'Shift Ended', id: '', at: 'yesterday', labels: { device: 7 }, extra: true };
  const { status, text } = await web.program('POST', '/events', wrong);
  expect(status).toBe(400);
  for (const name of ['event', 'id', 'at', 'labels.device', 'extra']) expect(text).toContain(name);
  nothingDone();
});
