import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { TargetOf } from '../../kit/targets.ts';
import { leaseMs } from '../lease.ts';
import type { Disturbance } from './driver.ts';

type Address = TargetOf<'address'>;

/** Of so many parts a share of packets is counted. */
const parts = 1_000_000;
/** The largest packet that a network card is handed at once: a smaller bucket would let none of those pass, ever. */
const largestPacket = 65_536;

/** The table of one holder on one target: nft takes no `~` or `:` in names, and 27 characters are enough. */
export function tableOf(holder: string, target: string): string {
  return `andon_drill_${createHash('sha256').update(`${holder}\n${target}`).digest('hex').slice(0, 12)}`;
}

/**
 * The table that makes a disturbance, or none yet. Its rules ask the set `lease`, whose only element the kernel itself removes: then
 * they match nothing any more. Refused where the table is there already.
 */
export const newTable = (table: string, disturbance: Disturbance | null, target: Address): string =>
  `create table inet ${table}\n${tableWith(table, disturbance, target)}`;

/** The same instead of the one that is there, without a gap; refused where that one's lease is over. */
export const otherTable = (table: string, disturbance: Disturbance | null, target: Address): string =>
  `${endLease(table, target)}delete table inet ${table}\n${tableWith(table, disturbance, target)}`;

function tableWith(table: string, disturbance: Disturbance | null, target: Address): string {
  const rules = (stream: 'upstream' | 'downstream') =>
    disturbance === null ? '' : rulesOf(disturbance, target, stream).join('\n    ');
  return `table inet ${table} {
  counter hits { }
  set lease { type nf_proto; flags timeout; elements = { ${elementOf(target)} }; }
  chain output {
    type filter hook output priority -10; policy accept;
    ${rules('upstream')}
  }
  chain input {
    type filter hook input priority -10; policy accept;
    ${rules('downstream')}
  }
}
`;
}

/** Deletes the table, also where there is none. */
export const tableGone = (table: string): string => `add table inet ${table}\ndelete table inet ${table}\n`;

/**
 * One more lease. Both commands or none: the first fails when the element has ended, so a sign of life that comes too late brings
 * nothing back. (An older kernel does not prolong an element by adding it again.)
 */
export const renewal = (table: string, target: Address): string =>
  `${endLease(table, target)}add element inet ${table} lease { ${elementOf(target)} }\n`;

const endLease = (table: string, target: Address): string =>
  `delete element inet ${table} lease { ${familyOf(target)} }\n`;

const familyOf = ({ peer }: Address): 'ipv4' | 'ipv6' => (isIPv6(hostOf(peer)) ? 'ipv6' : 'ipv4');
const elementOf = (target: Address): string => `${familyOf(target)} timeout ${leaseMs / 1000}s`;
const hostOf = (peer: string): string => peer.split('/', 1)[0] ?? peer;

/** This computer is taken as the one that opens connections: what it sends is upstream. */
function rulesOf(disturbance: Disturbance, target: Address, stream: 'upstream' | 'downstream'): string[] {
  if (disturbance.direction !== 'both' && disturbance.direction !== stream) return [];
  const match = matchOf(target, stream);
  return verdictsOf(disturbance).map(({ only, verdict }) =>
    [match, only, 'counter name hits', verdict].filter((part) => part !== '').join(' '),
  );
}

function matchOf(target: Address, stream: 'upstream' | 'downstream'): string {
  const header = familyOf(target) === 'ipv6' ? 'ip6' : 'ip';
  const [address, port] = stream === 'upstream' ? ['daddr', 'dport'] : ['saddr', 'sport'];
  const ofPort = target.port === undefined ? '' : ` tcp ${port} ${target.port}`;
  return `meta nfproto @lease ${header} ${address} ${target.peer}${ofPort}`;
}

interface Verdict {
  /** Which of the target's packets. */
  only: string;
  verdict: string;
}

const opening = 'tcp flags & (syn | ack) == syn';
/** The resets that these very rules send back pass them as well. */
const noReset = 'tcp flags & rst != rst';
const noTcp = { only: 'meta l4proto != tcp', verdict: 'reject with icmpx type port-unreachable' };

function verdictsOf(disturbance: Disturbance): Verdict[] {
  switch (disturbance.kind) {
    case 'cut':
      return cuts[disturbance.mode];
    case 'loss': {
      const below = Math.max(1, Math.round(disturbance.ratio * parts));
      return [{ only: `numgen random mod ${parts} < ${below}`, verdict: 'drop' }];
    }
    case 'bandwidth': {
      const rate = Math.round(disturbance.bytesPerSecond);
      // The kernel's bucket holds a second of the rate, and the burst on top.
      const burst = Math.max(0, largestPacket - rate);
      const over = `limit rate over ${rate} bytes/second${burst > 0 ? ` burst ${burst} bytes` : ''}`;
      return [{ only: over, verdict: 'drop' }];
    }
    case 'latency':
      throw new TypeError('nftables cannot delay packets');
  }
}

const cuts: Readonly<Record<'drop' | 'reject' | 'reset', Verdict[]>> = {
  drop: [{ only: '', verdict: 'drop' }],
  reject: [{ only: opening, verdict: 'reject with tcp reset' }, noTcp, { only: noReset, verdict: 'drop' }],
  reset: [{ only: noReset, verdict: 'reject with tcp reset' }, noTcp],
};

/** A table with one of every kind of rule, for the question whether kernel and nft know them all. */
export function trialTable(table: string, target: Address): string {
  const direction = 'both';
  const trials: Disturbance[] = [
    { kind: 'cut', mode: 'reject', direction },
    { kind: 'loss', ratio: 0.5, direction },
    { kind: 'bandwidth', bytesPerSecond: 1000, direction },
  ];
  const rules = trials.flatMap((trial) => rulesOf(trial, target, 'upstream'));
  return `${tableWith(table, null, target)}${rules.map((rule) => `add rule inet ${table} output ${rule}\n`).join('')}`;
}
