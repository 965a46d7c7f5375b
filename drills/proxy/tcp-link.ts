import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ListenAddress } from '../../kit/http-server.ts';
import type { Log } from '../../kit/log.ts';
import { Relay, tear } from './relay.ts';

/** How a link is cut: `drop` like a pulled cable, `reject` with new connections refused, `reset` with RST for all. */
export const cutModes = ['drop', 'reject', 'reset'] as const;
export type CutMode = (typeof cutModes)[number];

/** Late arrivals let through at a time after a cut, and the longest that each may keep the next one waiting. */
const admitted = 8;
const admissionMs = 200;

/** One TCP link that can be cut: it listens, and passes every connection on to one upstream address. */
export class TcpLink implements AsyncDisposable {
  readonly upstream: ListenAddress;
  readonly #server: Server;
  readonly #relays = new Set<Relay>();
  #cut: CutMode | null = null;
  #touched = 0;
  #admissions = 0;

  private constructor(upstream: ListenAddress) {
    this.upstream = upstream;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
  }

  static async open(listen: ListenAddress, upstream: ListenAddress, log: Log): Promise<TcpLink> {
    const link = new TcpLink(upstream);
    link.#server.listen(listen);
    await once(link.#server, 'listening');
    // Too many open files, for one: this connection is lost, the link goes on.
    link.#server.on('error', (error) => log.error({ err: error }, 'a connection could not be accepted'));
    return link;
  }

  get listen(): ListenAddress {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Connections that are open now, the unanswered ones included. */
  get connections(): number {
    return this.#relays.size;
  }

  /** Connections that the present cut has hit: those it found open and those that came since. 0 without a cut. */
  get touched(): number {
    return this.#touched;
  }

  /** Cuts the link, open connections at once; again with another mode changes how. */
  cut(mode: CutMode): void {
    if (this.#cut === null) this.#touched = this.#relays.size;
    this.#cut = mode;
    for (const relay of this.#relays) {
      if (mode === 'reset') relay.reset();
      else relay.silence();
    }
  }

  /** Ends the cut: what waits passes on. */
  heal(): void {
    this.#cut = null;
    this.#touched = 0;
    for (const relay of this.#relays) if (relay.dialled) relay.open();
    this.#admit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const relay of this.#relays) relay.close();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#cut !== null) this.#touched++;
    if (this.#cut === 'reset' || this.#cut === 'reject') {
      client.on('error', () => {});
      if (this.#cut === 'reset') tear(client);
      else client.destroy();
      return;
    }
    const relay = new Relay(client, this.upstream, () => this.#relays.delete(relay));
    this.#relays.add(relay);
    if (this.#cut === null) relay.open();
  }

  /**
   * Dials for those who came during the cut, a few at a time and the newest first: most of the old ones have given up
   * by now, and all at once they would use up the upstream's connections at the very moment of its recovery.
   */
  #admit(): void {
    while (this.#cut === null && this.#admissions < admitted) {
      const next = [...this.#relays].findLast((relay) => !relay.dialled);
      if (next === undefined) return;
      this.#admissions++;
      next.open();
      this.#afterAnswer(next, () => {
        this.#admissions--;
        this.#admit();
      });
    }
  }

  #afterAnswer(relay: Relay, then: () => void): void {
    let done = false;
    const finish = () => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      then();
    };
    const timer = setTimeout(finish, admissionMs);
    relay.whenAnswered(finish);
  }
}
