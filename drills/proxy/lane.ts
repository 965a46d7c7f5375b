import type { Socket } from 'node:net';
import type { Impairment } from './impairment.ts';
import type { Arrived, Wire } from './wire.ts';

/** What may be on its way at a time: like the window of TCP, it bounds memory, and the speed over a long way. */
const windowBytes = 256 * 1024;

interface Parcel {
  /** Bytes, or how the sender said goodbye. */
  what: Buffer | 'end' | 'reset';
  dueAt: number;
}

/**
 * One direction of a connection.
 *
 *     from → pipe → to                     nothing is wrong
 *     from → parcels → (wire) → to         delayed, lost and sent again, narrow
 *     from   |                  to         silent: bytes wait in the kernel and in the stream's buffer, as does what was on its way
 *
 * Bytes never overtake each other, whatever changes on the way, and goodbyes take the same way as bytes.
 */
export class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  /** The connection that counts as hit. */
  readonly #connection: object;
  #mode: 'stopped' | 'piped' | 'pumped' = 'stopped';
  #delays: readonly (Impairment & { kind: 'delay' })[] = [];
  #narrow: (Impairment & { kind: 'wire' }) | undefined;
  #parcels: Parcel[] = [];
  #queued = 0;
  #lastDueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #usedWire: Wire | undefined;

  constructor(from: Socket, to: Socket, connection: object) {
    this.#from = from;
    this.#to = to;
    this.#connection = connection;
  }

  /** From now on this is what happens to its bytes, those on their way included. */
  apply(impairments: readonly Impairment[]): void {
    this.#delays = impairments.filter((one) => one.kind === 'delay');
    this.#narrow = impairments
      .filter((one) => one.kind === 'wire')
      .toSorted((a, b) => a.wire.bytesPerSecond - b.wire.bytesPerSecond)[0];
    this.#leaveWire();
    if (impairments.some(({ kind }) => kind === 'silence')) this.#stop();
    else if (impairments.length === 0) this.#pipe();
    else this.#pump();
  }

  /** The sender is gone with a reset: the receiver is told as soon as what was before it has arrived. */
  reset(): void {
    if (this.#mode === 'piped') tear(this.#to);
    else this.#take('reset');
  }

  /** The connection is over: what is on its way arrives nowhere. */
  discard(): void {
    this.#stop();
    this.#parcels = [];
    this.#queued = 0;
  }

  #stop(): void {
    if (this.#mode === 'piped') this.#from.unpipe(this.#to);
    if (this.#mode === 'pumped') {
      this.#from.off('data', this.#take).off('end', this.#ended).pause();
      this.#to.off('drain', this.#run);
    }
    this.#mode = 'stopped';
    clearTimeout(this.#timer);
    this.#leaveWire();
  }

  #pipe(): void {
    if (this.#mode === 'piped') return;
    this.#stop();
    for (const { what } of this.#parcels) this.#deliver(what);
    this.#parcels = [];
    this.#queued = 0;
    this.#mode = 'piped';
    // Node's pipe is the back-pressure: it stops reading one side while the other cannot take more.
    this.#from.pipe(this.#to);
  }

  #pump(): void {
    if (this.#mode !== 'pumped') {
      this.#stop();
      this.#mode = 'pumped';
      this.#from.on('data', this.#take).on('end', this.#ended).resume();
      this.#to.on('drain', this.#run);
      // It ended between two modes, when nobody listened.
      if (this.#from.readableEnded) this.#ended();
    }
    this.#run();
  }

  readonly #take = (what: Parcel['what']): void => {
    let delay = 0;
    for (const { next, hits } of this.#delays) {
      const ms = next();
      if (ms > 0) hits.add(this.#connection);
      delay += ms;
    }
    this.#lastDueAt = Math.max(this.#lastDueAt, performance.now() + delay);
    this.#parcels.push({ what, dueAt: this.#lastDueAt });
    this.#queued += what.length;
    if (this.#queued >= windowBytes) this.#from.pause();
    this.#run();
  };

  readonly #ended = (): void => {
    if (!this.#parcels.some(({ what }) => what === 'end')) this.#take('end');
  };

  /** Delivers what is due, as far as the receiver and the wire take it. */
  readonly #run = (): void => {
    for (;;) {
      const [first] = this.#parcels;
      if (first === undefined || this.#mode !== 'pumped' || this.#usedWire) return;
      if (this.#to.destroyed) {
        this.discard();
        return;
      }
      if (this.#isEarly(first) || this.#to.writableNeedDrain) return;
      const { what } = first;
      if (this.#narrow && typeof what !== 'string') {
        this.#usedWire = this.#narrow.wire;
        this.#usedWire.carry(what.length, this.#arrived);
        return;
      }
      this.#parcels.shift();
      this.#leftQueue(what.length);
      this.#deliver(what);
    }
  };

  #isEarly({ dueAt }: Parcel): boolean {
    const waitMs = dueAt - performance.now();
    if (waitMs <= 0) return false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#run, Math.ceil(waitMs));
    return true;
  }

  readonly #arrived: Arrived = (bytes, delayed) => {
    this.#usedWire = undefined;
    if (delayed) this.#narrow?.hits.add(this.#connection);
    const [first] = this.#parcels;
    if (first === undefined || typeof first.what === 'string') return;
    const piece = first.what.subarray(0, bytes);
    if (bytes < first.what.length) first.what = first.what.subarray(bytes);
    else this.#parcels.shift();
    this.#leftQueue(bytes);
    this.#deliver(piece);
    this.#run();
  };

  #leftQueue(bytes: number): void {
    const wasFull = this.#queued >= windowBytes;
    this.#queued -= bytes;
    if (wasFull && this.#queued < windowBytes) this.#from.resume();
  }

  #deliver(what: Parcel['what']): void {
    if (what === 'reset') tear(this.#to);
    else if (what === 'end') this.#to.end();
    else this.#to.write(what);
  }

  #leaveWire(): void {
    this.#usedWire?.forget(this.#arrived);
    this.#usedWire = undefined;
  }
}

/** Ends a connection with RST, as a host does that knows nothing of it. */
export function tear(socket: Socket): void {
  // A reset of a socket that is still connecting would wait for the connection, which may never come.
  if (socket.connecting) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}
