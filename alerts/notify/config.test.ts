import { expect, test } from 'vitest';
import { alertsSection } from '../config.ts';
import { notifySection } from './config.ts';
import { notifyProblems } from './config-problems.ts';

const receiver = (name: string) => ({
  kind: 'wecom',
  name,
  key: 'x'.repeat(36),
  url: `https://example.com/${name}`,
});
/** A receiver of any kind will do here; channels/ tests what each of them needs. */
const section = (more: object = {}) => {
  const { receivers, ...rest } = { receivers: [{ name: 'phone' }, { name: 'boss' }], ...more } as {
    receivers: { name: string }[];
  };
  const parsed = notifySection.omit({ receivers: true }).parse({ token: 'a-token-of-some-length', ...rest });
  return { ...parsed, receivers: receivers.map(({ name }) => receiver(name)) } as unknown as Parameters<
    typeof notifyProblems
  >[0];
};
const problems = (more: object, alerts: object = {}) =>
  notifyProblems(section(more), alertsSection.parse(alerts)).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

const route = (receivers: string[], escalateTo: string[] = []) => ({
  receivers,
  ...(escalateTo.length > 0 ? { escalate: [{ after: '5m', receivers: escalateTo }] } : {}),
});

test('A section of a token and receivers is enough, and has nothing wrong with it.', () => {
  expect(problems({})).toEqual([]);
  expect(section()).toMatchObject({
    listen: { host: '127.0.0.1', port: 9468 },
    routes: [],
    heartbeat: { alert: 'Watchdog', silent_after: 120_000 },
    max_age: 86_400_000,
  });
});

test('Every unknown name of a receiver is found where it stands, and so is a name that is there twice.', () => {
  expect(
    problems({ routes: [route(['phone']), route(['boss'], ['phone'])], heartbeat: { receivers: ['boss'] } }),
  ).toEqual([]);
  expect(
    problems({
      receivers: [{ name: 'phone' }, { name: 'phone' }],
      routes: [route(['phone', 'fone']), route(['phone'], ['bos'])],
      heartbeat: { receivers: ['mail'] },
    }),
  ).toEqual([
    'notify.receivers.1.name: another receiver is called "phone"',
    'notify.routes.0.receivers.1: no receiver is called "fone"; known are phone, phone',
    'notify.routes.1.escalate.0.receivers.0: no receiver is called "bos"; known are phone, phone',
    'notify.heartbeat.receivers.0: no receiver is called "mail"; known are phone, phone',
  ]);
});

test('It needs one token, not none and not two.', () => {
  expect(problems({ token: undefined })).toEqual([expect.stringMatching(/^notify: needs a token/)]);
  expect(problems({ token_file: 'token' })).toEqual([expect.stringMatching(/^notify: has both/)]);
  expect(problems({ token: undefined, token_file: 'token' })).toEqual([]);
});

test('Links that lead nowhere are found before an alert has to carry one.', () => {
  const waiting = { listen: '0.0.0.0:9468', routes: [route(['phone'], ['boss'])] };
  expect(problems(waiting)).toEqual([expect.stringMatching(/^notify.listen: .*public_url/)]);
  expect(problems({ ...waiting, public_url: 'https://andon.plant.example/notify/' })).toEqual([]);
  expect(problems({ listen: '0.0.0.0:9468' })).toEqual([]);
});

test('An Alertmanager that repeats the Watchdog too seldom is found where andon.yaml shows it.', () => {
  const told = (heartbeat?: string, url = 'http://127.0.0.1:9468/alertmanager') => ({
    receivers: [{ name: 'notify', url, ...(heartbeat ? { heartbeat } : {}) }],
  });
  expect(problems({}, told('30s'))).toEqual([]);
  expect(problems({}, told())).toEqual([
    expect.stringMatching(/^alerts.receivers.0: .*needs heartbeat: 30s/),
  ]);
  expect(problems({}, told('1m'))).toEqual([
    expect.stringMatching(/silent_after \(2m\); make that at least 2m2s/),
  ]);
  expect(problems({ heartbeat: { silent_after: '3m' } }, told('1m'))).toEqual([]);
  expect(problems({ heartbeat: { receivers: [] } }, told())).toEqual([]);
  expect(problems({}, told(undefined, 'http://127.0.0.1:9467/alertmanager'))).toEqual([]);
});

test.for([
  ['a short token', { token: 'short' }],
  ['no receivers', { receivers: [] }],
  ['a tier that is none', { routes: [{ tiers: ['D'], receivers: ['phone'] }] }],
  ['no tiers', { routes: [{ tiers: [], receivers: ['phone'] }] }],
  ['a broken expression', { routes: [{ match: { line: '/L[/' }, receivers: ['phone'] }] }],
  ['a key that does not exist', { recievers: [] }],
  ['a link that is no web address', { public_url: 'javascript:alert(1)' }],
  ['a heartbeat faster than Alertmanager', { heartbeat: { silent_after: '1s' } }],
])('%s is a mistake.', ([, more]) => {
  const right = {
    token: 'a-token-of-some-length',
    receivers: [{ kind: 'webhook', name: 'x', url: 'http://127.0.0.1:1/' }],
  };
  expect(notifySection.safeParse(right).error?.issues ?? []).toEqual([]);
  expect(notifySection.safeParse({ ...right, ...(more as object) }).success).toBe(false);
});
