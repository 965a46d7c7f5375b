import type { Clock } from '../../kit/clock.ts';
import { canonical, isAnyAddress, type TcpSocket, tcpTable } from './tcp-table.ts';
import type { ProxyState } from './toxiproxy-client.ts';

/** Less than this waits in the kernel's buffers, so that Toxiproxy's own writing is not held up. */
const heldUpBytes = 4096;
/** Acknowledgements of a living receiver come within this. */
const patienceMs = 250;

/** The sockets between a proxy and its clients, as the kernel of this computer knows them. */
export function clientSockets(proxy: ProxyState): TcpSocket[] {
  const { address, port } = listenOf(proxy);
  return tcpTable().filter(
    ({ local }) => local.port === port && (isAnyAddress(address) || local.address === address),
  );
}

/** Whether the proxy listens on this computer, and in this network namespace. */
export function listensHere(proxy: ProxyState): boolean {
  const { address, port } = listenOf(proxy);
  return tcpTable().some(
    ({ local, state }) =>
      state === 'listening' &&
      local.port === port &&
      (local.address === address || isAnyAddress(local.address)),
  );
}

/**
 * Whether somebody does not read what Toxiproxy sends. While such a connection is open, adding or removing a toxic hangs, and
 * with it everything else about the proxy, new connections included: for good, as closing the connection no longer helps then
 * (Shopify/toxiproxy#558).
 */
export async function isHeldUp(proxy: ProxyState, clock: Clock, signal?: AbortSignal): Promise<boolean> {
  const before = heldUpSockets(proxy);
  if (before.size === 0) return false;
  await clock.sleep(patienceMs, signal);
  return [...heldUpSockets(proxy)].some((socket) => before.has(socket));
}

/** Each as text, with the amount that waits: where that stays the same, nothing is read. */
function heldUpSockets(proxy: ProxyState): Set<string> {
  const upstreamPort = endpointOf(proxy.upstream).port;
  const clients = clientSockets(proxy);
  const upstreams = tcpTable().filter(({ remote }) => remote.port === upstreamPort);
  return new Set(
    [...clients, ...upstreams]
      .filter(({ state, unacknowledged }) => state === 'established' && unacknowledged >= heldUpBytes)
      .map((socket) => JSON.stringify(socket)),
  );
}

function listenOf({ listen }: ProxyState): { address: string; port: number } {
  const { host, port } = endpointOf(listen);
  return { address: canonical(host), port };
}

function endpointOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
