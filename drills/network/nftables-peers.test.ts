import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { type TargetOf, targetSchema } from '../../kit/targets.ts';
import type { Disturbance } from './driver.ts';
import { nftablesDriver } from './nftables-driver.ts';

const cut: Disturbance = { kind: 'cut', mode: 'drop', direction: 'both' };
const named = (peer: Partial<TargetOf<'address'>>) => ({
  name: 'db',
  target: targetSchema.parse({ kind: 'address', ...peer }) as TargetOf<'address'>,
});

test('A network with an address of this computer in it is refused: it would fall silent for everybody.', async () => {
  const own = Object.values(networkInterfaces()).flatMap((found = []) => found);
  const cidr = own.find(({ family }) => family === 'IPv4')?.cidr ?? expect.fail('no address');
  await expect(nftablesDriver.demand(named({ peer: cidr }), { fetch })).rejects.toMatchObject({
    code: 'nftables.own-address',
  });
});

test('The loopback is refused, however it is written; with a port, or another address, it is not.', () => {
  const why = (peer: Partial<TargetOf<'address'>>) => nftablesDriver.cannot(cut, named(peer).target);
  for (const peer of ['127.0.0.1', '127.0.0.0/8', '::1', '::/8'])
    expect(why({ peer })).toMatch('this computer');
  expect(why({ peer: '127.0.0.1', port: 5432 })).toBeUndefined();
  expect(why({ peer: '192.0.2.7' })).toBeUndefined();
});
