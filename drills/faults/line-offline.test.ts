import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { waitFor } from '../../kit/wait.ts';
import { spellLengths } from '../network/spell-lengths.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { type RunningLinks, startLinks } from '../proxy/link-server.ts';
import { connectPeer, type PeerServer, startPeerServer } from '../testing/tcp-peer.ts';
import { testHost } from '../testing/test-host.ts';
import { lineOffline } from './line-offline.ts';

const opened = new AsyncDisposableStack();
let server: PeerServer;
let links: RunningLinks;
beforeAll(async () => {
  server = opened.use(await startPeerServer());
  const any = { host: '127.0.0.1', port: 0 };
  links = opened.use(
    await startLinks(
      {
        listen: any,
        links: [{ name: 'L1', listen: any, upstream: { ...any, port: server.port }, protocol: 'tcp' }],
      },
      { clock: systemClock, log: silentLog },
    ),
  );
});
afterAll(() => opened.disposeAsync());

const within = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 5 });

test('A line that is offline now and then loses nothing of what it sends, and ends with its network there', async () => {
  const { host, targets } = opened.use(testHost({ wifi: { kind: 'link', control: links.url, link: 'L1' } }));
  const named = { name: 'wifi', target: targets.wifi ?? expect.unreachable() };
  if (named.target.kind !== 'link') return expect.unreachable();
  const client = new LinkClient(named.target, fetch);
  const params = lineOffline.params.parse({ off: '300ms', on: '300ms', seed: 7 });
  const plan = lineOffline.plan(params, named, 'roaming', 60_000);
  expect(plan.effects.join(' ')).toMatch(/each up to 50 % longer or shorter at random/);
  const { socket } = await connectPeer(links.links[0]?.port ?? 0);
  opened.defer(() => void socket.destroy());
  await within('the relay', () => server.peers.length === 1);
  const injection = await lineOffline.inject(plan, params, named, host, new AbortController().signal);
  let sent = '';
  let turns = 0;
  let wasCut = true;
  await within('some turns', async () => {
    const isCut = JSON.stringify(await client.state()).includes('"drop"');
    if (isCut !== wasCut) turns++;
    wasCut = isCut;
    sent += 'x';
    socket.write('x');
    return turns >= 4;
  });
  expect(await injection.touched()).toBeGreaterThan(0);
  await injection[Symbol.asyncDispose]();
  await within('everything sent', () => server.peers[0]?.received() === sent);
  expect(await injection.residue()).toEqual([]);
});

test('The spells of one seed are the same each time, differ from each other, and stay within their bounds', () => {
  const lengths = (seed: number) => {
    const next = spellLengths({ ratio: 0.5, seed });
    return Array.from({ length: 200 }, () => next(8000));
  };
  expect(lengths(3)).toEqual(lengths(3));
  expect(lengths(3)).not.toEqual(lengths(4));
  expect(Math.min(...lengths(3))).toBeGreaterThanOrEqual(4000);
  expect(Math.max(...lengths(3))).toBeLessThanOrEqual(12_000);
  expect(new Set(lengths(3)).size).toBeGreaterThan(100);
  expect(spellLengths(undefined)(8000)).toBe(8000);
});

test('Wrong spells are refused', () => {
  for (const wrong of [{ off: '1ms' }, { jitter: 1 }, { seed: -1 }, { mode: 'reject' }, { of: '8s' }])
    expect(lineOffline.params.safeParse(wrong).success).toBe(false);
});
