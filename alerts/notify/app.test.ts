import { afterAll, beforeAll, expect, test } from 'vitest';
import { carriesToken } from '../../kit/bearer.ts';
import { runChecker } from '../../kit/checker.ts';
import { openSqlite } from '../../kit/sqlite.ts';
import { waitFor } from '../../kit/wait.ts';
import { alertOf } from './testing/notify-world.ts';
import { recordingContact, toldOf } from './testing/recording-contact.ts';
import { type RunningNotifier, startTestNotifier, testToken } from './testing/running-notifier.ts';

const phone = recordingContact('phone');
let notifier: RunningNotifier;
beforeAll(async () => {
  notifier = await startTestNotifier({ contacts: [phone] });
});
afterAll(() => notifier[Symbol.asyncDispose]());

const group = (...alerts: unknown[]) => ({
  version: '4',
  groupKey: '{}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'notify',
  notification_reason: 'a field of a newer release',
  alerts,
});
const stored = async () =>
  (await notifier.metrics()).get('andon_notify_notices_accepted_total{status="firing"}') ?? 0;
const told = (name: string) =>
  waitFor(() => toldOf(phone).some((text) => text.includes(name)), {
    what: name,
    timeoutMs: 20_000,
    everyMs: 20,
  });

test('A notification is answered with 200 when it is stored, and the receiver is told.', async () => {
  const before = await stored();
  expect((await notifier.post(group(alertOf('First')))).status).toBe(200);
  expect(await stored()).toBe(before + 1);
  await told('First');
});

test.for([
  ['no header at all', ''],
  ['another scheme', `Basic ${testToken}`],
  ['a wrong token', 'Bearer a-token-of-some-lengtH'],
  ['a longer token', `Bearer ${testToken}x`],
  ['an empty token', 'Bearer '],
])('With %s it answers 401 and stores nothing.', async ([, authorization]) => {
  const before = await stored();
  const response = await notifier.post(group(alertOf('Forged')), authorization);
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer');
  expect(await stored()).toBe(before);
});

test('An empty token is never right, whatever the token is.', () => {
  expect(carriesToken('Bearer ', '')).toBe(false);
  expect(carriesToken(undefined, '')).toBe(false);
  expect(carriesToken('bearer abc', 'abc')).toBe(true);
});

test.for([
  ['no JSON', '{"version":', 'JSON'],
  ['half a notification', JSON.stringify(group(alertOf('A1'))).slice(0, -20), 'JSON'],
  ['another version', { ...group(), version: '3' }, 'version'],
  ['no list of alerts', { version: '4' }, 'alerts'],
  [
    'an alert without fingerprint',
    group(alertOf('A1', { fingerprint: undefined } as object)),
    'alerts[0].fingerprint',
  ],
  ['a time that is none', group(alertOf('A1', { startsAt: 'yesterday' } as object)), 'alerts[0].startsAt'],
  [
    'a label that is no text',
    group(alertOf('A1', { labels: { line: 1 } as never })),
    'alerts[0].labels.line',
  ],
  ['a negative number of left out alerts', { ...group(), truncatedAlerts: -1 }, 'truncatedAlerts'],
  ['a very deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, ''],
  ['a list', [], 'object'],
  ['nothing', '', ''],
])(
  'A body with %s is answered with 400, names the problem and leaves nothing behind.',
  async ([, body, problem]) => {
    const before = await stored();
    const response = await notifier.post(body);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(problem);
    expect(await stored()).toBe(before);
  },
);

test('A body of more than 4 MB is answered with 413, one of just under it is stored, a packed one is answered with 415.', async () => {
  const huge = (size: number) =>
    notifier.post(group(alertOf('Huge', { labels: { text: 'x'.repeat(size) } })));
  expect((await huge(4.1 * 1024 * 1024)).status).toBe(413);
  expect((await huge(4 * 1024 * 1024 - 1000)).status).toBe(200);
  const headers = { authorization: `Bearer ${testToken}`, 'content-encoding': 'gzip' };
  const packed = await fetch(`${notifier.url}/alertmanager`, { method: 'POST', headers, body: 'anything' });
  expect(packed.status).toBe(415);
});

test('Hostile labels arrive as data, and a link that is no web address does not.', async () => {
  const evil = `<img src=x onerror=alert(1)>'; DROP TABLE occurrences; --\u0000\u202e`;
  const body = JSON.stringify(
    group(alertOf('Hostile', { labels: { evil }, generatorURL: 'javascript:alert(1)' } as object)),
  );
  const response = await notifier.post(body.replace('"evil"', '"__proto__":"x","constructor":"y","evil"'));
  expect(response.status).toBe(200);
  await told('Hostile');
  const item = phone.messages
    .flatMap(({ items }) => items)
    .find(({ alert }) => alert.labels.alertname === 'Hostile');
  expect(item?.alert.labels.evil).toBe(evil);
  expect(item?.alert).not.toHaveProperty('generatorUrl');
  expect(Object.getPrototypeOf(item?.alert.labels)).toBe(Object.prototype);
  expect(item?.tier).toBe('A');
});

test('While the store cannot be written it answers 503 and is not ready; what is sent again later is stored.', async () => {
  const other = openSqlite(notifier.store);
  other.exec('BEGIN IMMEDIATE');
  try {
    const [post, ready] = await Promise.all([
      notifier.post(group(alertOf('Late'))),
      fetch(`${notifier.url}/-/ready`),
    ]);
    expect([post.status, ready.status]).toEqual([503, 503]);
    expect(await post.text()).not.toContain('notify.sqlite');
  } finally {
    other.exec('ROLLBACK');
    other.close();
  }
  expect((await notifier.post(group(alertOf('Late')))).status).toBe(200);
  await told('Late');
  expect(toldOf(phone).filter((text) => text.includes('Late'))).toHaveLength(1);
  expect((await fetch(`${notifier.url}/-/ready`)).status).toBe(200);
  expect((await fetch(`${notifier.url}/-/healthy`)).status).toBe(200);
}, 120_000);

test('The metrics are well formed, and every receiver has its series before anything happened to it.', async () => {
  const text = await (await fetch(`${notifier.url}/metrics`)).text();
  for (const series of ['failed_attempts_total', 'possibly_twice_total', 'dead_letters', 'pending'])
    expect(text).toContain(`andon_notify_${series}{receiver="phone"} 0\n`);
  expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
});

test('Two notifiers never work with the same store, and the second says so.', async () => {
  await expect(startTestNotifier({ contacts: [], store: notifier.store })).rejects.toThrow(
    /another andon notify serve works with/,
  );
});
