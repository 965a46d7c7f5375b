import { connect, type Socket } from 'node:net';
import type { ListenAddress } from '../../kit/http-server.ts';
import type { Impairment, Way } from './impairment.ts';
import { Lane, tear } from './lane.ts';

/** What is wrong in either direction; nothing, where both lists are empty. */
export type Conditions = Readonly<Record<Way, readonly Impairment[]>>;

/**
 * One client's connection and its way upstream:
 *
 *     client ⇄ (accepted socket ⇄ dialled socket) ⇄ upstream
 *
 * It begins silent: nothing is read and nothing is dialled until `open`. While silent, bytes and goodbyes of either
 * side wait in the kernel and in at most two stream buffers (64 KiB each); they pass on when it is opened again.
 */
export class Relay {
  /** The accepted socket: it stands for the connection wherever one is counted. */
  readonly client: Socket;
  readonly #dial: () => Socket;
  readonly #onClosed: () => void;
  #server: Socket | undefined;
  #lanes: Readonly<Record<Way, Lane>> | undefined;
  #torn = false;

  constructor(client: Socket, upstream: ListenAddress, onClosed: () => void) {
    this.client = client;
    this.#onClosed = onClosed;
    // allowHalfOpen: a side that has said all it has to say may still listen to the other one.
    this.#dial = () => connect({ ...upstream, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    this.#watch(client);
  }

  /** The way upstream has been dialled at least once. */
  get dialled(): boolean {
    return this.#server !== undefined;
  }

  /** Dials, if that has not been done yet; from now on bytes pass under these conditions, those that had to wait first. */
  open(conditions: Conditions): void {
    this.#lanes ??= this.#connect();
    this.#lanes?.upstream.apply(conditions.upstream);
    this.#lanes?.downstream.apply(conditions.downstream);
  }

  /** Both sides get a TCP reset at once; or one of them now, where the caller sees to the other one. */
  reset(side: 'both' | 'client' | 'server' = 'both'): void {
    if (side !== 'server') tear(this.client);
    if (side !== 'client' && this.#server) tear(this.#server);
  }

  /** Both sides are closed at once, without ceremony. */
  close(): void {
    for (const socket of this.#sockets()) socket.destroy();
  }

  /** Calls back once: at the first byte from upstream, or when the relay is over. */
  whenAnswered(callback: () => void): void {
    let called = false;
    const once = () => {
      if (!called) callback();
      called = true;
    };
    this.#server?.once('data', once);
    for (const socket of this.#sockets()) socket.once('close', once);
  }

  #connect(): Readonly<Record<Way, Lane>> | undefined {
    const { client } = this;
    if (this.#torn || client.destroyed) {
      this.reset();
      return undefined;
    }
    const server = this.#watch(this.#dial());
    this.#server = server;
    return { upstream: new Lane(client, server, client), downstream: new Lane(server, client, client) };
  }

  #sockets(): Socket[] {
    return this.#server ? [this.client, this.#server] : [this.client];
  }

  #watch(socket: Socket): Socket {
    socket.on('error', () => {
      // 'close' follows and says so; a lost connection is this program's trade, not its failure.
    });
    socket.on('close', (hadError) => this.#closed(socket, hadError));
    return socket;
  }

  #closed(socket: Socket, hadError: boolean): void {
    this.#torn ||= hadError;
    if (this.#sockets().every(({ closed }) => closed)) {
      for (const lane of Object.values(this.#lanes ?? {})) lane.discard();
      this.#onClosed();
      return;
    }
    // A reset takes the way of bytes: it does not cross a dead cable either, and comes late where they do.
    if (this.#torn) this.#lanes?.[socket === this.client ? 'upstream' : 'downstream'].reset();
  }
}
