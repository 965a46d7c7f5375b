import type { Direction, Disturbance } from '../network/driver.ts';
import { Wire } from './wire.ts';

/** The connections that one disturbance has really hit, each counted once. */
export class Hits {
  readonly #seen = new WeakSet<object>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** A connection that was hit, perhaps not for the first time. */
  add(connection: object): void {
    if (this.#seen.has(connection)) return;
    this.#seen.add(connection);
    this.#count++;
  }
}

/** What a disturbance does to the bytes of one direction of a connection. */
export type Impairment = { hits: Hits } & (
  | { kind: 'silence' }
  /** How much later the next bytes arrive, in ms; asked once for each chunk that is read. */
  | { kind: 'delay'; next: () => number }
  | { kind: 'wire'; wire: Wire }
);

export type Way = Exclude<Direction, 'both'>;
export type Impairments = Partial<Record<Way, Impairment>>;

/** The shortest time after which a kernel sends a lost packet again (Linux: TCP_RTO_MIN); it doubles with every loss. */
const retransmitMs = 200;
/** 200 ms doubled six times is 12.6 s in all: beyond that a connection would be given up rather than slow. */
const mostLosses = 6;

/** What a disturbance does in either direction. Each direction has a wire of its own, as full duplex has. */
export function impairmentsOf(disturbance: Disturbance, hits: Hits, random: () => number): Impairments {
  const { direction } = disturbance;
  const ways: readonly Way[] = direction === 'both' ? ['upstream', 'downstream'] : [direction];
  return Object.fromEntries(ways.map((way) => [way, impairmentOf(disturbance, hits, random)]));
}

function impairmentOf(disturbance: Disturbance, hits: Hits, random: () => number): Impairment {
  switch (disturbance.kind) {
    case 'cut':
      return { kind: 'silence', hits };
    case 'latency': {
      const { latencyMs, jitterMs } = disturbance;
      return { kind: 'delay', hits, next: () => Math.max(0, latencyMs + (2 * random() - 1) * jitterMs) };
    }
    case 'loss':
      return { kind: 'delay', hits, next: () => lossDelay(disturbance.ratio, random) };
    case 'bandwidth':
      return { kind: 'wire', hits, wire: new Wire(disturbance.bytesPerSecond) };
  }
}

/** How long it takes until bytes get through that are lost with this probability, and so is each repetition. */
function lossDelay(ratio: number, random: () => number): number {
  let losses = 0;
  while (losses < mostLosses && random() < ratio) losses++;
  return retransmitMs * (2 ** losses - 1);
}
