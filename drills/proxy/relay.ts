import { connect, type Socket } from 'node:net';
import type { ListenAddress } from '../../kit/http-server.ts';

/**
 * One client's connection and its way upstream:
 *
 *     client ⇄ (accepted socket ⇄ dialled socket) ⇄ upstream
 *
 * It begins silent: nothing is read and nothing is dialled until `open`. While silent, bytes and goodbyes of either
 * side wait in the kernel and in at most two stream buffers (64 KiB each); they pass on when it is opened again.
 */
export class Relay {
  readonly #client: Socket;
  readonly #dial: () => Socket;
  readonly #onClosed: () => void;
  #server: Socket | undefined;
  #silent = true;
  #torn = false;

  constructor(client: Socket, upstream: ListenAddress, onClosed: () => void) {
    this.#client = client;
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

  /** From now on bytes pass, those that had to wait first. */
  open(): void {
    if (!this.#silent) return;
    this.#silent = false;
    if (this.#torn || this.#client.destroyed) {
      this.reset();
      return;
    }
    this.#server ??= this.#watch(this.#dial());
    // Node's pipe is the back-pressure: it stops reading one side while the other cannot take more.
    this.#client.pipe(this.#server);
    this.#server.pipe(this.#client);
  }

  /** From now on no byte passes, and neither side is told. */
  silence(): void {
    this.#silent = true;
    this.#client.unpipe();
    this.#server?.unpipe();
  }

  /** Both sides get a TCP reset at once. */
  reset(): void {
    for (const socket of this.#sockets()) tear(socket);
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

  #sockets(): Socket[] {
    return this.#server ? [this.#client, this.#server] : [this.#client];
  }

  #watch(socket: Socket): Socket {
    socket.on('error', () => {
      // 'close' follows and says so; a lost connection is this program's trade, not its failure.
    });
    socket.on('close', (hadError) => this.#closed(hadError));
    return socket;
  }

  #closed(hadError: boolean): void {
    this.#torn ||= hadError;
    const left = this.#sockets().filter((socket) => !socket.closed);
    if (left.length === 0) this.#onClosed();
    // A reset does not cross a dead cable either: a silent relay tells the other side when it is opened again.
    else if (this.#torn && !this.#silent) for (const socket of left) tear(socket);
  }
}

/** Ends a connection with RST, as a host does that knows nothing of it. */
export function tear(socket: Socket): void {
  // A reset of a socket that is still connecting would wait for the connection, which may never come.
  if (socket.connecting) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}
