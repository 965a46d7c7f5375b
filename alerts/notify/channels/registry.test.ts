import { describe, expect, it } from 'vitest';
import { createChannel, receiverSchema } from './registry.ts';
import { testTools } from './testing/channel-tools.ts';

const good = {
  wecom: { kind: 'wecom', name: 'shift', key: '693a91f6' },
  dingtalk: { kind: 'dingtalk', name: 'shift', access_token: 'f3c1', secret: 'SECe5d9' },
  webhook: { kind: 'webhook', name: 'shift', url: 'http://dispatch.plant.example/andon' },
  email: {
    kind: 'email',
    name: 'shift',
    host: 'mail.plant.example',
    from: 'andon@plant.example',
    to: ['it@plant.example'],
  },
} as const;

describe('a receiver', () => {
  it.each(Object.values(good))('of kind $kind becomes a channel with a limit', (receiver) => {
    const { limit } = createChannel(receiverSchema.parse(receiver), testTools());
    expect(limit.messages).toBeGreaterThan(0);
    expect(limit.perMs).toBe(60_000);
  });

  it('may be written to less often than its channel allows', () => {
    const rate = { messages: 5, per: '1m' };
    expect(receiverSchema.parse({ ...good.wecom, rate }).rate).toEqual({ messages: 5, per: 60_000 });
  });

  it.each([
    ['another kind', { ...good.wecom, kind: 'pager' }, 'must be wecom, dingtalk, webhook or email'],
    ['no key', { ...good.wecom, key: undefined }, 'must be given once: here, or in the url as ?key='],
    [
      'two keys',
      { ...good.wecom, url: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1' },
      'must be given once',
    ],
    ['a key in the open', { ...good.wecom, url: 'http://robots.example/send' }, 'must begin with https://'],
    [
      'a mention that is markup',
      { ...good.wecom, mentions: ['x> <@all'] },
      'must be the user id of a member',
    ],
    [
      'no token',
      { ...good.dingtalk, access_token: undefined },
      'must be given once: here, or in the url as ?access_token=',
    ],
    ['no secret', { ...good.dingtalk, secret: undefined }, 'expected string'],
    ['a mobile number in words', { ...good.dingtalk, mentions: ['everybody'] }, 'must be a mobile number'],
    ['a token with a line break', { ...good.webhook, token: 'a\nb' }, 'visible ASCII'],
    ['a user in the url', { ...good.webhook, url: 'http://u:p@dispatch.example' }, 'must have no user in it'],
    ['a user without a password', { ...good.email, user: 'andon' }, 'user and password belong together'],
    [
      'a password in the open',
      { ...good.email, user: 'a', password: 'b', encryption: 'none' },
      'must not be none',
    ],
    ['no time zone', { ...good.email, timezone: 'Mars/Olympus' }, 'is no time zone'],
    ['a language without words', { ...good.email, language: 'fr' }, 'expected one of "en"|"zh"'],
    ['an unknown key', { ...good.email, subject: 'x' }, 'Unrecognized key: "subject"'],
    ['a rate over no time', { ...good.email, rate: { messages: 1, per: '0s' } }, 'must be longer than 0s'],
  ])('is refused with %s', (_what, receiver, message) => {
    const { error } = receiverSchema.safeParse(receiver);
    expect(error?.issues.map((issue) => issue.message).join('; ')).toContain(message);
  });
});
