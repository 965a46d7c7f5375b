import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ListenAddress } from '../../kit/http-server.ts';
import type { Log } from '../../kit/log.ts';
import type { CutMode, Disturbance } from '../network/driver.ts';
import { Hits, type Impairments, impairmentsOf } from './impairment.ts';
import { tear } from './lane.ts';
import { type Conditions, Relay } from './relay.ts';

/** Late arrivals let through at a time after a cut, and the longest that each may keep the next one waiting. */
const admitted = 8;
const admissionMs = 200;

/** What happens to a new connection; a later one in this list outweighs those before it. */
const arrivals = ['passes', 'drop', 'reject', 'reset'] as const;
type Arrival = 'passes' | CutMode;

/** One holder's disturbance of the link, and what it has hit. */
interface Disturbed {
  disturbance: Disturbance | null;
  impairments: Impairments;
  hits: Hits;
}

/** What a link is opened with. */
export interface TcpLinkOptions {
  listen: ListenAddress;
  upstream: ListenAddress;
  log: Log;
  /** From 0 to 1, for jitter and loss. */
  random?: () => number;
}

/** One TCP link that can be disturbed: it listens, and passes every connection on to one upstream address. */
export class TcpLink implements AsyncDisposable {
  readonly upstream: ListenAddress;
  readonly #server: Server;
  readonly #random: () => number;
  readonly #relays = new Set<Relay>();
  readonly #disturbed = new Map<string, Disturbed>();
  #arrival: Arrival = 'passes';
  #conditions: Conditions = { upstream: [], downstream: [] };
  #admissions = 0;

  private constructor({ upstream, random = Math.random }: TcpLinkOptions) {
    this.upstream = upstream;
    this.#random = random;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
  }

  static async open(options: TcpLinkOptions): Promise<TcpLink> {
    const link = new TcpLink(options);
    link.#server.listen({ ...options.listen, backlog: 1024 });
    await once(link.#server, 'listening');
    // Too many open files, for one: this connection is lost, the link goes on.
    link.#server.on('error', (error) =>
      options.log.error({ err: error }, 'a connection could not be accepted'),
    );
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

  /** Connections that this holder's disturbances have hit: by a cut, those it found open and those that came since. */
  touched(holder: string): number {
    return this.#disturbed.get(holder)?.hits.count ?? 0;
  }

  /** Disturbs the link, open connections at once; again changes how, and null takes it out while the count goes on. */
  disturb(holder: string, disturbance: Disturbance | null): void {
    const hits = this.#disturbed.get(holder)?.hits ?? new Hits();
    const impairments = disturbance ? impairmentsOf(disturbance, hits, this.#random) : {};
    this.#disturbed.set(holder, { disturbance, impairments, hits });
    if (disturbance?.kind === 'cut') for (const { client } of this.#relays) hits.add(client);
    this.#change();
  }

  /** Ends what this holder does to the link: what waits passes on. */
  heal(holder: string): void {
    if (this.#disturbed.delete(holder)) this.#change();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const relay of this.#relays) relay.close();
    await closed;
  }

  /** Lets every open connection feel what all holders together do to the link now. */
  #change(): void {
    const all = [...this.#disturbed.values()];
    const modes = all.map(({ disturbance }) => (disturbance?.kind === 'cut' ? disturbance.mode : 'passes'));
    this.#arrival = arrivals.findLast((arrival) => modes.includes(arrival)) ?? 'passes';
    this.#conditions = {
      upstream: all.flatMap(({ impairments }) => impairments.upstream ?? []),
      downstream: all.flatMap(({ impairments }) => impairments.downstream ?? []),
    };
    if (this.#arrival === 'reset') this.#reset();
    else for (const relay of this.#relays) if (relay.dialled) relay.open(this.#conditions);
    this.#admit();
  }

  /** The kernel takes its time for each: those who use the link are told before those behind it. */
  #reset(): void {
    for (const side of ['client', 'server'] as const) for (const relay of this.#relays) relay.reset(side);
  }

  #accept(client: Socket): void {
    for (const { disturbance, hits } of this.#disturbed.values())
      if (disturbance?.kind === 'cut') hits.add(client);
    if (this.#arrival === 'reset' || this.#arrival === 'reject') {
      client.on('error', () => {});
      if (this.#arrival === 'reset') tear(client);
      else client.destroy();
      return;
    }
    const relay = new Relay(client, this.upstream, () => this.#relays.delete(relay));
    this.#relays.add(relay);
    if (this.#arrival === 'passes') relay.open(this.#conditions);
  }

  /**
   * Dials for those who came during the cut, a few at a time and the newest first: most of the old ones have given up
   * by now, and all at once they would use up the upstream's connections at the very moment of its recovery.
   */
  #admit(): void {
    while (this.#arrival === 'passes' && this.#admissions < admitted) {
      const next = [...this.#relays].findLast((relay) => !relay.dialled);
      if (next === undefined) return;
      this.#admissions++;
      next.open(this.#conditions);
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
