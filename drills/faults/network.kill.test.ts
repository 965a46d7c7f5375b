import { afterAll, beforeAll, describe, test } from 'vitest';
import { LinkClient } from '../proxy/link-client.ts';
import { runName } from '../run-name.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { startLinksProcess } from '../testing/links-process.ts';
import { startPeerServer } from '../testing/tcp-peer.ts';

const kinds = {
  'network.latency': { latency: '2s' },
  'network.bandwidth': { rate: '1kB/s' },
  'network.loss': { ratio: 0.5 },
  'network.flap': { down: '300ms', up: '200ms', mode: 'reset' },
};

const stack = new AsyncDisposableStack();
let range: KillRange;

/** A link has one run at a time, so every fault has two: one whose runner is killed, one that loses its watchdog too. */
const linkOf = (kind: string, end: 'killed' | 'alone') => `${kind.replace('.', '-')}-${end}`;

beforeAll(async () => {
  const upstream = stack.use(await startPeerServer());
  const names = Object.keys(kinds).flatMap((kind) => [linkOf(kind, 'killed'), linkOf(kind, 'alone')]);
  const { control } = stack.use(
    await startLinksProcess(Object.fromEntries(names.map((name) => [name, upstream.port]))),
  );
  range = stack.use(
    new KillRange(Object.fromEntries(names.map((link) => [link, { kind: 'link', control, link }]))),
  );
});
afterAll(() => stack.disposeAsync());

function caseOf(kind: keyof typeof kinds, target: string): KillCase {
  return {
    doom: { kind, target, with: kinds[kind] },
    present: async (run) => {
      const found = range.targets[target];
      if (found?.kind !== 'link') throw new Error(`no link ${target}`);
      return (await new LinkClient(found, fetch).residue(runName(run))).length > 0;
    },
  };
}

describe.concurrent.each(Object.keys(kinds) as (keyof typeof kinds)[])('A runner of %s', (kind) => {
  test('that is killed leaves nothing within 5 s, whenever it dies', { timeout: killRounds * 60_000 }, () =>
    range.killAll(caseOf(kind, linkOf(kind, 'killed'))),
  );

  test(
    'that is frozen, its watchdog dead, leaves nothing: the proxy ends it by its lease',
    { timeout: 60_000 },
    () => range.killWatchdogToo(caseOf(kind, linkOf(kind, 'alone')), 'SIGSTOP'),
  );
});
