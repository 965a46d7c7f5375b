import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type TargetOf, type Targets, targetSchema } from '../../kit/targets.ts';
import type { NetworkHold } from '../network/driver.ts';
import { toxiproxyDriver } from '../network/toxiproxy-driver.ts';
import { byHand, revert } from '../undo.ts';
import { never, within } from './network-holds.ts';
import { connectPeer, startPeerServer } from './tcp-peer.ts';
import { startToxiproxy } from './toxiproxy-server.ts';

export type ToxiproxyBench = Awaited<ReturnType<typeof startToxiproxyBench>>;
export type ProxyBench = Awaited<ReturnType<ToxiproxyBench['bench']>>;

/** A running Toxiproxy, in which every test gets proxies of its own. */
export async function startToxiproxyBench() {
  const stack = new AsyncDisposableStack();
  const toxiproxy = stack.use(await startToxiproxy());
  let names = 0;

  /** A server that answers with what it gets, a proxy of its own before it, and who holds that. */
  async function bench(fetcher = fetch) {
    const server = stack.use(
      await startPeerServer(({ socket }) => socket.on('data', (chunk) => socket.write(chunk))),
    );
    const name = `proxy-${++names}`;
    const port = await toxiproxy.proxyTo(name, server.port);
    const target = targetSchema.parse({ kind: 'toxiproxy', control: toxiproxy.control, proxy: name });
    const named = { name: 'db', target: target as TargetOf<'toxiproxy'> };
    const hold = (run = 'r1', kind = 'cut'): NetworkHold => {
      const host = { fetch: fetcher, clock: systemClock, log: silentLog };
      return toxiproxyDriver.hold(named, `andon-drill-${run}~${kind}`, host);
    };
    const targets: Targets = { db: target };
    const undo = toxiproxyDriver.undo(named, 'andon-drill-r1~cut');
    const call = (method: string, path: string, body?: object) =>
      toxiproxy.call(method, `/proxies/${name}${path}`, body);
    return {
      server,
      port,
      named,
      hold,
      call,
      state: async () => (await call('GET', '')) as { enabled: boolean; toxics: { name: string }[] },
      undo: () => revert(undo, { targets, fetch }, never),
      byHand: byHand(undo, targets),
      demand: () => toxiproxyDriver.demand(named, { fetch: fetcher }),
      /** How long a word takes through the proxy and back, in milliseconds. */
      async roundTrip(word = 'hello') {
        const peer = await connectPeer(port);
        const since = performance.now();
        peer.socket.write(word);
        await within('the answer', () => peer.bytes() === word.length);
        peer.socket.destroy();
        return performance.now() - since;
      },
    };
  }

  return { bench, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
