import { afterAll, beforeAll, describe, test } from 'vitest';
import type { TargetOf } from '../../kit/targets.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { farAddress, namespacesMissing, startTwoNamespaces } from '../testing/network-namespaces.ts';
import { connectPeer, startPeerServer } from '../testing/tcp-peer.ts';
import { startToxiproxy, type TestToxiproxy, toxiproxyMissing } from '../testing/toxiproxy-server.ts';
import { holderOf } from './holder.ts';
import { Nft } from './nft.ts';
import { tableOf } from './nft-rules.ts';

const kind = 'network.cut';

describe
  .skipIf(toxiproxyMissing)
  .concurrent(`A runner that cuts by Toxiproxy ${toxiproxyMissing ?? ''}`, () => {
    const stack = new AsyncDisposableStack();
    let toxiproxy: TestToxiproxy;
    let range: KillRange;

    beforeAll(async () => {
      toxiproxy = stack.use(await startToxiproxy());
      const server = stack.use(await startPeerServer());
      const names = ['db-drop', 'db-reject', 'db-alone', 'db-frozen'];
      for (const name of names) await connectPeer(await toxiproxy.proxyTo(name, server.port));
      const targetOf = (proxy: string) => ({ kind: 'toxiproxy', control: toxiproxy.control, proxy });
      range = stack.use(new KillRange(Object.fromEntries(names.map((name) => [name, targetOf(name)]))));
    });
    afterAll(() => stack.disposeAsync());

    const cutOf = (target: string, mode: string): KillCase => ({
      doom: { kind, target, with: { mode } },
      async present(run) {
        const state = (await toxiproxy.call('GET', `/proxies/${target}`)) as {
          enabled: boolean;
          toxics: { name: string }[];
        };
        return !state.enabled || state.toxics.some(({ name }) => name.startsWith(holderOf(run, kind)));
      },
    });

    test.each([cutOf('db-drop', 'drop'), cutOf('db-reject', 'reject')])(
      'and is killed by SIGKILL leaves nothing of $doom.with.mode within 5 s, whenever it dies',
      (cut) => range.killAll(cut),
      killRounds * 60_000,
    );

    test.each([
      ['db-alone', 'SIGKILL'],
      ['db-frozen', 'SIGSTOP'],
    ] as const)('of %s and gets %s, its watchdog dead: its leash takes the cut back', (target, how) =>
      range.killWatchdogToo(cutOf(target, 'drop'), how),
    );
  });

describe
  .skipIf(namespacesMissing)
  .concurrent(`A runner that cuts by nftables ${namespacesMissing ?? ''}`, () => {
    const stack = new AsyncDisposableStack();
    let range: KillRange;

    beforeAll(async () => {
      const { near } = stack.use(await startTwoNamespaces());
      const target = { kind: 'address', peer: farAddress.ipv4, namespace: near.namespace };
      range = stack.use(new KillRange({ killed: target, alone: target, frozen: target }));
    });
    afterAll(() => stack.disposeAsync());

    const tableIn = async (target: string, run: string) => {
      const { namespace } = range.targets[target] as TargetOf<'address'>;
      return await new Nft(namespace).table(tableOf(holderOf(run, kind), target));
    };
    /** Whether its table is there at all, and whether that matches anything. */
    const cutOf = (target: string, what: 'table' | 'lease'): KillCase => ({
      doom: { kind, target, with: {} },
      async present(run) {
        const table = await tableIn(target, run);
        return what === 'table'
          ? table !== undefined
          : (table ?? []).some(({ set }) => (set?.elem.length ?? 0) > 0);
      },
    });

    test(
      'and is killed by SIGKILL leaves not even an empty table within 5 s, whenever it dies',
      () => range.killAll(cutOf('killed', 'table')),
      killRounds * 60_000,
    );

    test.each([
      ['alone', 'SIGKILL'],
      ['frozen', 'SIGSTOP'],
    ] as const)(
      'and is %s (%s), its watchdog dead: the kernel ends the cut, and the clean-up takes the table',
      (target, how) => range.killWatchdogToo(cutOf(target, 'lease'), how),
    );
  });
