import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type TargetOf, targetSchema } from '../../kit/targets.ts';
import type { Fault, Host, Injection, Plan } from '../fault.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { type RunningLinks, startLinks } from '../proxy/link-server.ts';
import { type Peer, type PeerServer, startPeerServer } from './tcp-peer.ts';
import { noLeash } from './test-host.ts';

const anyPort = { host: '127.0.0.1', port: 0 };

/** What a fault is injected with, where a test wishes it otherwise than usual. */
export interface Wish {
  run: string;
  /** The fault's parameters, as a drill file has them. */
  with?: object;
  host?: Partial<Host>;
}

/** A server, a link to it called `mes-db-link`, and faults on that link; leaving its scope lifts them. */
export interface OneLink extends AsyncDisposable {
  links: RunningLinks;
  server: PeerServer;
  /** Where clients of the link connect to. */
  port: number;
  target: TargetOf<'link'>;
  client: LinkClient;
  plan<P>(fault: Fault<P>, wish: Wish): Plan;
  inject<P>(fault: Fault<P>, wish: Wish): Promise<Injection>;
}

export async function startOneLink(onPeer?: (peer: Peer) => void): Promise<OneLink> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startPeerServer(onPeer));
  const upstream = { ...anyPort, port: server.port };
  const deps = { clock: systemClock, log: silentLog };
  const config = { listen: anyPort, links: [{ name: 'db', listen: anyPort, upstream }] };
  const links = stack.use(await startLinks(config, deps));
  const target = targetSchema.parse({ kind: 'link', control: links.url, link: 'db' }) as TargetOf<'link'>;
  const named = { name: 'mes-db-link', target };
  const opened = stack.move();
  const plan = <P>(fault: Fault<P>, wish: Wish) =>
    fault.plan(fault.params.parse(wish.with ?? {}), named, wish.run, 60_000);
  return {
    links,
    server,
    target,
    port: links.links[0]?.port ?? 0,
    client: new LinkClient(target, fetch),
    plan,
    async inject(fault, wish) {
      const host = { ...deps, fetch, targets: { 'mes-db-link': target }, leash: noLeash, ...wish.host };
      const params = fault.params.parse(wish.with ?? {});
      const never = new AbortController().signal;
      const injection = await fault.inject(plan(fault, wish), params, named, host, never);
      opened.defer(() => injection[Symbol.asyncDispose]().then(null, () => {}));
      return injection;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
