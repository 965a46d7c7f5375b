import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ListenAddress } from '../../kit/http-server.ts';
import { answerInstead, concerns, delayOf, type HttpFault, talkNonsense } from './http-link-fault.ts';
import { HttpPassage, largestHead } from './http-passage.ts';
import type { DisturbableLink } from './leased-link.ts';

/** What one holder does to the link. */
interface Illness {
  fault: HttpFault | null;
  /** Requests that it has hit. */
  touched: number;
  /** What lets the requests go on that it holds back. */
  held: Set<() => void>;
}

/**
 * An HTTP link that can be made ill: it passes every request on to one upstream address, unless a fault says otherwise. It
 * listens behind a TCP link, on a port of its own, so that whatever can be done to the bytes can be done here too.
 */
export class HttpLink implements DisturbableLink<HttpFault> {
  readonly upstream: ListenAddress;
  readonly #server: Server;
  readonly #passages = new WeakMap<Socket, HttpPassage>();
  readonly #illnesses = new Map<string, Illness>();
  readonly #random: () => number;

  private constructor(upstream: ListenAddress, random: () => number) {
    this.upstream = upstream;
    this.#random = random;
    // No limits of its own: client and service have theirs.
    const noLimits = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0, requireHostHeader: false };
    this.#server = createServer({ ...noLimits, maxHeaderSize: largestHead }, (request, response) =>
      this.#take(request, response),
    );
    this.#server.on('connection', (socket: Socket) =>
      this.#passages.set(socket, new HttpPassage(socket, upstream)),
    );
  }

  /** `random` draws the lots of faults that hit a share of the requests. */
  static async open(upstream: ListenAddress, random: () => number = Math.random): Promise<HttpLink> {
    const link = new HttpLink(upstream, random);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  /** Where the TCP link in front of it passes its bytes. */
  get listen(): ListenAddress {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** For requests that come from now on, on open connections too; what the holder held back so far goes on. */
  disturb(holder: string, fault: HttpFault | null): void {
    const illness = this.#illnesses.get(holder);
    this.#illnesses.set(holder, { fault, touched: illness?.touched ?? 0, held: new Set() });
    release(illness);
  }

  heal(holder: string): void {
    const illness = this.#illnesses.get(holder);
    this.#illnesses.delete(holder);
    release(illness);
  }

  /** Requests that the holder's faults have hit. */
  touched(holder: string): number {
    return this.#illnesses.get(holder)?.touched ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    // A client that goes away early is no failure of the link.
    request.on('error', () => {});
    response.on('error', () => {});
    const forward = () => this.#passages.get(request.socket)?.forward(request, response);
    const illness = this.#strikes(request);
    if (!illness?.fault) {
      forward();
      return;
    }
    const { fault, held } = illness;
    illness.touched++;
    if (fault.kind === 'answer') answerInstead(fault, response);
    else if (fault.kind === 'garbage') talkNonsense(illness.touched, request, response);
    else if (fault.kind === 'reset') request.socket.resetAndDestroy();
    else holdBack(held, response, fault.kind === 'delay' ? delayOf(fault, this.#random) : undefined, forward);
  }

  /** The first illness that is about this request and draws its lot. */
  #strikes(request: IncomingMessage): Illness | undefined {
    return [...this.#illnesses.values()].find(
      ({ fault }) => fault !== null && concerns(fault, request) && this.#random() < fault.ratio,
    );
  }
}

/** Lets a request go on after `ms`, or when what holds it back is over. */
function holdBack(
  held: Illness['held'],
  response: ServerResponse,
  ms: number | undefined,
  forward: () => void,
): void {
  const forget = () => {
    clearTimeout(timer);
    held.delete(goOn);
  };
  const goOn = () => {
    forget();
    if (!response.closed) forward();
  };
  const timer = ms === undefined ? undefined : setTimeout(goOn, ms);
  held.add(goOn);
  response.once('close', forget);
}

function release(illness: Illness | undefined): void {
  for (const goOn of [...(illness?.held ?? [])]) goOn();
}
