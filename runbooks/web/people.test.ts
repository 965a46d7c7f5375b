import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { verifyAudit } from '../audit/audit.ts';
import { runRunbook } from '../engine/by-hand.ts';
import { notice } from '../testing/engine-world.ts';
import { csrfIn, people, programToken, type WebAnswer, WebWorld } from '../testing/web-world.ts';

let web: WebWorld;
beforeEach(async () => {
  web = await new WebWorld({
    mode: 'approve',
    approval: { roles: ['leader', 'director'], expires: '15m' },
  }).start();
  await web.program('POST', '/alertmanager', { version: '4', alerts: [alert] });
});
afterEach(() => web[Symbol.asyncDispose]());

const alert = { ...notice(), startsAt: '2026-01-31T08:00:00Z' };
const planHash = () => web.world.runs[0]?.planHash ?? '';
const right = () => ({ run: 1, position: 0, plan_hash: planHash(), decision: 'approved' });
const stillWaits = () => {
  expect(web.world.runs[0]?.state).toBe('awaiting-approval');
  expect(web.world.step.calls).toEqual([]);
  expect(verifyAudit(web.world.audit.file)).toMatchObject({ ok: true });
};

test.for<[string, string, Record<string, unknown>, number, string?]>([
  ['no token of a person', 'nobody-has-this-token', {}, 401],
  ['the token of programs', programToken, {}, 401],
  ['a person without the role', 'chen', {}, 403, 'role'],
  ['a plan that was tampered with', 'wang', { plan_hash: 'f'.repeat(64) }, 409, 'plan'],
  ['no plan at all', 'wang', { plan_hash: '' }, 409, 'plan'],
  ['a run that is not there', 'wang', { run: 99 }, 404, 'unknown'],
  ['a step that asks nothing', 'wang', { position: 1 }, 404, 'unknown'],
  ['another word for it', 'wang', { decision: 'yes' }, 400],
  ['a run by another name', 'wang', { run: '1; DROP TABLE runs' }, 400],
])('With %s nothing is approved.', async ([, who, changes, status, code]) => {
  const answer = await web.decide(who, { ...right(), ...changes });
  expect(answer.status).toBe(status);
  if (code !== undefined) {
    expect(JSON.parse(answer.text)).toMatchObject({ code });
    expect(web.audited('approval.refused')).toMatchObject([{ code, by: who }]);
  }
  stillWaits();
});

test('Whoever has asked for a run does not approve it; another person does, once.', async () => {
  const { deps } = web.world;
  const [runbook] = web.world.runbooks;
  if (!runbook) throw new Error('the world has a runbook');
  const running = runRunbook(runbook, { actor: 'wang' }, deps, new AbortController().signal);
  await waitFor(() => web.world.store.look.questions(web.clock.now()).length === 2, {
    ...{ what: 'the question', timeoutMs: 10_000, everyMs: 10 },
  });
  const { planHash: hash } = web.world.runs[1] ?? { planHash: '' };
  const own = await web.decide('wang', { ...right(), run: 2, plan_hash: hash });
  expect([own.status, JSON.parse(own.text).code]).toEqual([403, 'requester']);
  expect((await web.decide('li', { ...right(), run: 2, plan_hash: hash })).status).toBe(200);
  expect((await running).outcome).toBe('succeeded');
  const again = await web.decide('li', { ...right(), run: 2, plan_hash: hash, decision: 'rejected' });
  expect([again.status, JSON.parse(again.text).code]).toEqual([409, 'decided']);
});

test('Of two decisions at the same time one counts, and the run is carried out once.', async () => {
  const answers = await Promise.all([
    web.decide('wang', right()),
    web.decide('li', right()),
    web.decide('wang', right()),
  ]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  expect(await web.world.settled()).toMatchObject([{ outcome: 'succeeded' }]);
  expect(web.world.step.calls).toHaveLength(1);
});

test('A question whose time is over is not answered any more: it was refused by itself.', async () => {
  const hash = planHash();
  web.clock.shiftMs = 16 * 60_000;
  const answer = await web.decide('wang', { ...right(), plan_hash: hash });
  expect(answer.status).toBe(409);
  expect(await web.world.settled()).toMatchObject([
    { outcome: 'refused', reason: expect.stringContaining('in time') },
  ]);
  expect(web.world.step.calls).toEqual([]);
});

test('Tokens cannot be guessed: after ten wrong ones everybody waits a minute, on both doors.', async () => {
  for (let guess = 0; guess < 10; guess++)
    expect((await web.form('/sign-in', { token: `guess-${guess}` })).status).toBe(401);
  expect((await web.form('/sign-in', { token: people.wang.token })).status).toBe(429);
  expect((await web.decide('wang', right())).status).toBe(429);
  expect(web.audited('request.refused')).toHaveLength(10);
  stillWaits();
  web.clock.shiftMs += 61_000;
  expect((await web.decide('wang', right())).status).toBe(200);
});

test.for<[string, (csrf: string, other: string) => [Record<string, string>, Record<string, string>]]>([
  ['without the secret of its session', () => [{}, {}]],
  ['with a wrong secret', (csrf) => [{ csrf: `${csrf}x` }, {}]],
  ['with the secret of another session', (_, other) => [{ csrf: other }, {}]],
  ['from another site', (csrf) => [{ csrf }, { origin: 'https://evil.example' }]],
  ['from a site that hides', (csrf) => [{ csrf }, { origin: 'null' }]],
  ['that the browser says is from elsewhere', (csrf) => [{ csrf }, { 'sec-fetch-site': 'cross-site' }]],
])('A form %s is refused with 403 and decides nothing.', async ([, attack]) => {
  const cookie = await web.signIn('wang');
  const csrf = csrfIn(await web.call('GET', '/run/1', { cookie }));
  const other = csrfIn(await web.call('GET', '/', { cookie: await web.signIn('li') }));
  const [fields, headers] = attack(csrf, other);
  const body = { position: '0', plan_hash: planHash(), decision: 'approved', ...fields };
  expect((await web.form('/run/1/answer', body, { cookie, ...headers })).status).toBe(403);
  stillWaits();
  expect(web.audited('request.refused')).toHaveLength(1);
  // The control: the same with everything right.
  expect((await web.form('/run/1/answer', { ...body, csrf }, { cookie })).status).toBe(303);
  expect(await web.world.settled()).toMatchObject([{ outcome: 'succeeded' }]);
});

test('A form that says another plan than the one that is asked about is refused, and the page says why.', async () => {
  const cookie = await web.signIn('wang');
  const csrf = csrfIn(await web.call('GET', '/run/1', { cookie }));
  const body = { csrf, position: '0', plan_hash: 'f'.repeat(64), decision: 'approved' };
  const answer = await web.form('/run/1/answer', body, { cookie });
  expect(answer.status).toBe(409);
  expect(answer.text).toContain('Not taken: the plan that was seen is not the plan that is asked about.');
  stillWaits();
});

const isOut = ({ status, headers }: WebAnswer) =>
  status === 303 && String(headers.location).startsWith('/sign-in');

test('A session is a cookie that scripts and other sites do not get, and ends by signing out, with time and with its person.', async () => {
  const answer = await web.form('/sign-in', { token: people.wang.token, next: '/run/1' });
  expect(answer.headers.location).toBe('/run/1');
  expect(answer.headers['set-cookie']?.[0]).toMatch(
    /^andon=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  );
  const look = async (cookie: string) => isOut(await web.call('GET', '/', { cookie }));
  const [first, second, third] = [await web.signIn('wang'), await web.signIn('wang'), await web.signIn('li')];
  expect(await look(first)).toBe(false);
  expect(await look(first.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A')))).toBe(true);
  const csrf = csrfIn(await web.call('GET', '/', { cookie: first }));
  expect((await web.form('/sign-out', { csrf }, { cookie: first })).status).toBe(303);
  expect([await look(first), await look(second)]).toEqual([true, false]);
  // wang gets another token: a restart signs nobody out but wang.
  web.people = [{ ...people.wang, token: 'wangs-other-token-now' }, people.li];
  await web.start();
  expect([await look(second), await look(third)]).toEqual([true, false]);
  web.clock.shiftMs += 12 * 3_600_000;
  expect(await look(third)).toBe(true);
});

test('Behind https the cookie is only sent over TLS and only to this host.', async () => {
  web.publicUrl = 'https://andon.plant.example';
  await web.start();
  const { headers } = await web.form('/sign-in', { token: people.wang.token }, { origin: web.publicUrl });
  expect(headers['set-cookie']?.[0]).toMatch(/^__Host-andon=.*; SameSite=Strict; Secure$/);
});

test.for(['//evil.example', 'https://evil.example', '/run/1@evil', 'javascript:alert(1)', '/\\evil.example'])(
  'After signing in nobody is led to %s.',
  async (next) => {
    expect((await web.form('/sign-in', { token: people.wang.token, next })).headers.location).toBe('/');
  },
);
