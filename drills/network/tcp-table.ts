import { readFileSync } from 'node:fs';

/** The kernel's numbers of the states that matter here (include/net/tcp_states.h). */
const states: Readonly<Record<string, TcpSocket['state']>> = { '01': 'established', '0A': 'listening' };

/** One TCP socket of a Linux kernel; addresses without brackets, IPv4 in IPv6 as IPv4. */
export interface TcpSocket {
  local: Endpoint;
  remote: Endpoint;
  state: 'established' | 'listening';
  /** Bytes that the other side has not acknowledged. */
  unacknowledged: number;
}

export interface Endpoint {
  address: string;
  port: number;
}

/**
 * The TCP sockets of a network namespace that are established or listen, from `/proc/net` or from `/proc/PID/net` for that of a
 * process (proc(5)). Throws where there is no such folder: on other systems, or when the process has ended.
 */
export const tcpTable = (folder = '/proc/net'): TcpSocket[] =>
  ['tcp', 'tcp6'].flatMap((name) => rows(`${folder}/${name}`).flatMap(socketOf));

function rows(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
  } catch (error) {
    // A kernel without IPv6 has no such file.
    if (file.endsWith('6') && (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** None for a socket that is only remembered: a busy host has tens of thousands of those. */
function socketOf(row: string): TcpSocket[] {
  const [, local = '', remote = '', number = '', queues = ''] = row.trim().split(/\s+/, 5);
  const state = states[number];
  if (!state) return [];
  const unacknowledged = Number.parseInt(queues.split(':', 1)[0] ?? '0', 16);
  return [{ local: endpointOf(local), remote: endpointOf(remote), state, unacknowledged }];
}

function endpointOf(text: string): Endpoint {
  const [address = '', port = '0'] = text.split(':');
  return { address: addressOf(address), port: Number.parseInt(port, 16) };
}

/** The kernel prints words of 32 bits in its own byte order: little-endian on every computer that runs this. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  const decimal = (from: number) =>
    bytes
      .slice(from)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  if (bytes.length === 4) return decimal(0);
  const text = bytes.join('').toLowerCase();
  if (text.startsWith('00000000000000000000ffff')) return decimal(12);
  return canonical((text.match(/.{4}/g) ?? []).join(':'));
}

/** An address as the kernel's are written here, so that the two can be compared. */
export function canonical(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** Whether an address means all of a computer's. */
export const isAnyAddress = (address: string): boolean => ['', '0.0.0.0', '::'].includes(address);

/** Sees who is connected, again and again: the connections of all looks together. */
export class ConnectionCount {
  readonly #look: () => TcpSocket[];
  readonly #seen = new Set<string>();

  /** `look` returns the sockets that count. */
  constructor(look: () => TcpSocket[]) {
    this.#look = look;
  }

  /** Looks once more, and returns how many different connections have been seen so far. Short ones between two looks are not. */
  look(): number {
    for (const { local, remote, state } of this.#look())
      if (state === 'established')
        this.#seen.add(`${local.address} ${local.port} ${remote.address} ${remote.port}`);
    return this.#seen.size;
  }
}
