import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createChannel, type Receiver } from './registry.ts';
import { testTools } from './testing/channel-tools.ts';
import { startFakeDingtalk } from './testing/fake-dingtalk.ts';
import type { FakeRobot } from './testing/fake-robot.ts';
import { startFakeWecom } from './testing/fake-wecom.ts';
import { blockedDatabase, messageOf, silentDevice, testNow } from './testing/messages.ts';
import { dingtalkAt, robotSecrets, wecomAt } from './testing/robot-receivers.ts';

const hourMs = 3_600_000;
let robots: AsyncDisposableStack;
let wecom: FakeRobot;
let dingtalk: FakeRobot;

beforeAll(async () => {
  robots = new AsyncDisposableStack();
  wecom = robots.use(await startFakeWecom(robotSecrets.wecomKey));
  const { dingtalkToken: token, dingtalkSecret: secret } = robotSecrets;
  dingtalk = robots.use(await startFakeDingtalk({ token, secret }, { now: () => testNow }));
});
afterAll(() => robots.disposeAsync());
beforeEach(() => {
  for (const robot of [wecom, dingtalk]) {
    robot.shown.length = 0;
    robot.requests.length = 0;
  }
});

const tools = testTools();
const send = (receiver: Receiver, message = messageOf([blockedDatabase()]), at = tools) =>
  createChannel(receiver, at).send(message, new AbortController().signal);

/** A message that is too long for either. */
const storm = messageOf(
  Array.from({ length: 400 }, (_, index) => silentDevice(index < 3 ? 'A' : 'B', index)),
);

describe('a WeCom robot', () => {
  it('shows the card', async () => {
    expect(await send(wecomAt(wecom.url))).toEqual({ outcome: 'delivered' });
    expect(wecom.shown).toEqual([expect.stringContaining('### 🔴 A · MesDatabaseBlocked\n')]);
  });

  it('is told its key in the address or beside it', async () => {
    const url = wecomAt(wecom.url);
    if (url.kind !== 'wecom') throw new Error('not WeCom');
    expect(await send({ ...url, url: wecom.url, key: robotSecrets.wecomKey })).toEqual({
      outcome: 'delivered',
    });
  });

  it('refuses a wrong key, and the reason has no key in it although the robot repeats it', async () => {
    const wrong = '00000000-1111-2222-3333-444444444444';
    const result = await send(wecomAt(wecom.url, { url: `${wecom.url}?key=${wrong}` }));
    expect(result).toEqual({
      outcome: 'refused',
      reason:
        'errcode 93000 (the key is wrong, or the robot was taken out of the group): invalid webhook url, hint: [[secret]], from ip: 127.0.0.1',
    });
  });

  it('is asked again after a minute when it has had too many', async () => {
    const results = [];
    for (let count = 0; count < 21; count += 1) results.push(await send(wecomAt(wecom.url)));
    expect(results.slice(0, 20)).toEqual(Array(20).fill({ outcome: 'delivered' }));
    expect(results[20]).toEqual({
      outcome: 'retry',
      reason: 'errcode 45009: api freq out of limit',
      afterMs: 60_000,
    });
    expect(wecom.shown.length).toBe(20);
  });

  it.each([
    [-1, 'retry'],
    [45033, 'retry'],
    [40058, 'refused'],
    [12345, 'refused'],
  ])('that says %i: %s', async (errcode, outcome) => {
    wecom.sayNext({ errcode, errmsg: 'because' });
    expect(await send(wecomAt(wecom.url))).toMatchObject({ outcome, reason: `errcode ${errcode}: because` });
  });

  it('gets a storm within its limit, and the log says how many were only counted', async () => {
    const own = testTools();
    expect(await send(wecomAt(wecom.url), storm, own)).toEqual({ outcome: 'delivered' });
    expect(wecom.shown[0]).toMatch(/and 3\d\d more: B 3\d\d/);
    expect(own.logged.join()).toMatch(/"counted":3\d\d/);
  });

  it('calls the configured members for an A that is not over, and for nothing else', async () => {
    const receiver = wecomAt(wecom.url, { mentions: ['li.wei', 'wang_fang'] });
    await send(receiver);
    await send(receiver, messageOf([blockedDatabase({ event: 'resolved' })]));
    await send(receiver, messageOf([silentDevice('B', 1)]));
    expect(wecom.shown.map((text) => text.match(/<@[^>]+>/g))).toEqual([
      ['<@li.wei>', '<@wang_fang>'],
      null,
      null,
    ]);
  });
});

describe('a DingTalk robot', () => {
  it('takes the signature and shows the card, with a title for the notification', async () => {
    expect(await send(dingtalkAt(dingtalk.url, { language: 'zh' }))).toEqual({ outcome: 'delivered' });
    expect(dingtalk.shown).toEqual([expect.stringContaining('> 代码：DB-A-102  \n')]);
    expect(dingtalk.requests[0]?.markdown?.title).toBe('［A］ MesDatabaseBlocked mes-db');
  });

  it('refuses a signature by another secret, and the reason has no signature in it', async () => {
    const result = await send(dingtalkAt(dingtalk.url, { secret: 'SECanother' }));
    expect(result).toEqual({
      outcome: 'refused',
      reason:
        'errcode 310000 (its security settings: secret, clock of this computer, keyword or address): sign not match: [secret]',
    });
  });

  it('refuses a signature of a clock that is two hours off', async () => {
    const result = await send(dingtalkAt(dingtalk.url), undefined, testTools(testNow - 2 * hourMs));
    expect(result).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('invalid timestamp'),
    });
  });

  it('refuses a wrong token', async () => {
    const result = await send(dingtalkAt(dingtalk.url, { access_token: 'another' }));
    expect(result).toEqual({ outcome: 'refused', reason: 'errcode 300005: token is not exist' });
  });

  it.each([130101, 410100])('is asked again after a minute when it says %i', async (errcode) => {
    dingtalk.sayNext({ errcode, errmsg: 'send too fast' });
    expect(await send(dingtalkAt(dingtalk.url))).toMatchObject({ outcome: 'retry', afterMs: 60_000 });
  });

  it('gets a storm within the limit of the whole body', async () => {
    expect(await send(dingtalkAt(dingtalk.url, { mentions: ['13800000000'] }), storm)).toEqual({
      outcome: 'delivered',
    });
    expect(dingtalk.shown[0]).toMatch(/and \d+ more: B \d+/);
    expect(dingtalk.requests[0]?.body.length).toBeGreaterThan(10_000);
  });

  it('calls the configured members for an A that is not over, and for nothing else', async () => {
    const receiver = dingtalkAt(dingtalk.url, { mentions: ['13800000000'] });
    await send(receiver);
    await send(receiver, messageOf([blockedDatabase({ event: 'resolved' })]));
    expect(dingtalk.requests.map(({ at }) => at?.atMobiles)).toEqual([['13800000000'], []]);
    expect(dingtalk.shown.map((text) => text.includes('@13800000000'))).toEqual([true, false]);
  });
});
