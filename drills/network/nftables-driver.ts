import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { leaseMs } from '../lease.ts';
import { describeDisturbance } from './describe.ts';
import type { NetworkDriver } from './driver.ts';
import { Nft, NftRefusal } from './nft.ts';
import { NftHold } from './nft-hold.ts';
import { tableOf, trialTable } from './nft-rules.ts';

type Address = TargetOf<'address'>;

/** A network with a shorter prefix than this is half the world: nobody means that. */
const shortestPrefix = 8;

/**
 * Disturbs the traffic between this Linux host and an address, by a table of nftables of its own. What it merely forwards, for
 * containers or others, is left alone: name their network namespace.
 */
export const nftablesDriver: NetworkDriver<Address> = {
  kind: 'address',
  cannot(disturbance, target) {
    if (disturbance.kind === 'latency')
      return 'nftables cannot delay packets: put the link through a target of kind link or toxiproxy';
    if (disturbance.kind === 'cut' && disturbance.mode === 'reject' && disturbance.direction !== 'both')
      return 'a refused connection has no direction: leave the direction out';
    return tooWide(target);
  },
  effects(disturbance, { name, target }, holder) {
    const { peer, port, namespace } = target;
    const what = port === undefined ? 'all traffic' : `TCP with port ${port}`;
    const where = namespace === undefined ? 'this computer' : `the network namespace ${namespace}`;
    return [
      `makes the nftables table inet ${tableOf(holder, name)} in ${where}: ${what} of ${peer} is disturbed: ${describeDisturbance(disturbance)}`,
      `the kernel ends it by itself ${leaseMs / 1000} s after the last sign of life of the drill; the table, which then does nothing, stays until it is deleted`,
    ];
  },
  undo: ({ name }, holder) => ({ kind: 'nftables.delete-table', target: name, holder }),
  async demand({ name, target }) {
    refuseOwnAddress(name, target);
    try {
      await new Nft(target.namespace).check(trialTable(tableOf('trial', name), target));
    } catch (error) {
      if (!(error instanceof NftRefusal)) throw error;
      throw new UnavailableError('nftables.unsupported', `${name}: ${error.message}`, {
        mend: 'The kernel or nft is too old: nftables 0.9.3 and Linux 5.4 or later are needed, with their modules.',
        cause: error,
      });
    }
  },
  hold: (target, holder) => new NftHold(target, holder),
};

/** Rules that would take this computer off the air, or off itself, are not made. */
function tooWide({ peer, port }: Address): string | undefined {
  if (port !== undefined) return undefined;
  const [host = '', prefix] = peer.split('/');
  if (prefix !== undefined && Number(prefix) < shortestPrefix)
    return `${peer} is too much of the world: name a smaller network, or a port`;
  if (['127.0.0.1', '::1', host].some((one) => contains(peer, one) && contains(loopback, one)))
    return `${peer} is this computer itself, with all that it says to itself: name a port`;
  return undefined;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** A network that this computer is in: it would fall silent for everybody, and for its own drill. */
function refuseOwnAddress(name: string, { peer, port, namespace }: Address): void {
  if (port !== undefined || namespace !== undefined) return;
  const own = Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));
  const hit = own.find((address) => contains(peer, address));
  if (hit === undefined) return;
  throw new UnavailableError(
    'nftables.own-address',
    `${name}: ${peer} has ${hit} in it, an address of this computer`,
    {
      mend: 'Name the address of the other side alone, or a port.',
    },
  );
}

/** Whether an address lies in a network (or is that address). */
function contains(network: string | BlockList, address: string): boolean {
  const list = typeof network === 'string' ? listOf(network) : network;
  return list.check(address.replace(/%.*$/, ''), familyOf(address));
}

function listOf(network: string): BlockList {
  const [host = '', prefix] = network.split('/');
  const list = new BlockList();
  if (prefix === undefined) list.addAddress(host, familyOf(host));
  else list.addSubnet(host, Number(prefix), familyOf(host));
  return list;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' =>
  isIPv6(address.replace(/%.*$/, '')) ? 'ipv6' : 'ipv4';
