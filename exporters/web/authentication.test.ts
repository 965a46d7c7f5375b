import { hash } from 'bcryptjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { Authentication } from './authentication.ts';
import { RateLimit } from './rate-limit.ts';

let users: Map<string, string>;
beforeAll(async () => {
  users = new Map([['prometheus', await hash('right', 4)]]);
});
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

/** Counts the comparisons, each of which would be a bcrypt; the password `right` fits every hash. */
function counting() {
  const compared: string[] = [];
  const compare = async (password: string, hashed: string) => {
    compared.push(hashed);
    return password === 'right';
  };
  return { compared, authentication: new Authentication({ users, tokens: [] }, compare) };
}

describe('a password', () => {
  it('costs a bcrypt once when it is right, and each time when it is wrong', async () => {
    const { compared, authentication } = counting();
    const check = (credentials: string) => authentication.check(basic(credentials));
    for (let times = 0; times < 3; times += 1) expect(await check('prometheus:right')).toBe('admitted');
    expect(compared).toHaveLength(1);
    for (let times = 0; times < 3; times += 1) expect(await check('prometheus:wrong')).toBe('refused');
    expect(compared).toHaveLength(4);
  });

  it('of an unknown user costs the same, and is never right', async () => {
    const { compared, authentication } = counting();
    for (const user of ['nobody', 'constructor', ''])
      expect(await authentication.check(basic(`${user}:right`))).toBe('refused');
    expect(compared).toEqual(Array(3).fill(users.get('prometheus')));
  });

  it('is checked once for all who send it at the same time, and only so many different ones wait', async () => {
    const { compared, authentication } = counting();
    const same = Array.from({ length: 30 }, () => authentication.check(basic('prometheus:right')));
    expect(new Set(await Promise.all(same))).toEqual(new Set(['admitted']));
    expect(compared).toHaveLength(1);
    const flood = Array.from({ length: 30 }, (_, index) =>
      authentication.check(basic(`prometheus:${index}`)),
    );
    // Whoever is known already does not wait behind them.
    expect(await authentication.check(basic('prometheus:right'))).toBe('admitted');
    const verdicts = await Promise.all(flood);
    expect(verdicts.filter((verdict) => verdict === 'refused')).toHaveLength(20);
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(10);
    expect(await authentication.check(basic('prometheus:after'))).toBe('refused');
  });

  it('whose check breaks down does not hold up the next one', async () => {
    let isBroken = true;
    const authentication = new Authentication({ users, tokens: [] }, async () => {
      if (isBroken) throw new Error('out of memory');
      return true;
    });
    await expect(authentication.check(basic('prometheus:right'))).rejects.toThrow('out of memory');
    isBroken = false;
    expect(await authentication.check(basic('prometheus:right'))).toBe('admitted');
  });

  it('is compared by bcrypt in all its spellings', async () => {
    for (const version of ['$2a$', '$2b$', '$2y$']) {
      const spelled = new Map([['u', (users.get('prometheus') ?? '').replace('$2b$', version)]]);
      const authentication = new Authentication({ users: spelled, tokens: [] });
      expect(await authentication.check(basic('u:right'))).toBe('admitted');
      expect(await authentication.check(basic('u:wrong'))).toBe('refused');
    }
  });
});

describe('a rate limit', () => {
  it('lets a burst pass, then one request for each interval, and never more than the burst again', () => {
    let now = 0;
    const limit = new RateLimit({ intervalMs: 100, burst: 3 }, { ...systemClock, now: () => now });
    const passing = () => Array.from({ length: 5 }, () => limit.allows()).filter(Boolean).length;
    expect(passing()).toBe(3);
    now += 50;
    expect(passing()).toBe(0);
    now += 50;
    expect(passing()).toBe(1);
    now += 100_000;
    expect(passing()).toBe(3);
    now -= 50_000;
    expect(passing()).toBe(0);
  });
});
