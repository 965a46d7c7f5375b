import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { Bell, ringOrTime } from './bell.ts';
import type { SendResult } from './channel.ts';
import type { AcknowledgeUrl } from './composed-message.ts';
import { type Contact, limitsOf } from './contact.ts';
import type { Message } from './message.ts';
import { plainReason } from './plain-text.ts';
import type { NotifyStore } from './store.ts';

/** A robot or a mail server answers within a second or two; after this the message is tried again later. */
const attemptLimitMs = 15_000;
/** How long an attempt under way may go on after the notifier is told to stop, and how long a channel may take to give up. */
const graceMs = 5000;
const settleMs = 2000;

export interface SenderOptions {
  contact: Contact;
  store: NotifyStore;
  clock: Clock;
  log: Log;
  urlOf: AcknowledgeUrl;
}

/** 'interrupted': it was cut off because the notifier stops, so nobody knows whether it arrived. */
type Attempt = SendResult | 'interrupted';

/** Brings one receiver what is queued for it, one message after the other. Receivers never wait for each other. */
export class Sender implements AsyncDisposable {
  readonly bell = new Bell();
  readonly #options: SenderOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** How an attempt ended that could not be recorded: first of all it is recorded, else it would be sent twice. */
  #unrecorded: { readonly id: string; readonly attempt: Attempt } | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Sends what may be sent now: true when it was something, else when to ask again. */
  async turn(): Promise<true | { wakeAt: number | undefined }> {
    const { contact, store, clock, urlOf } = this.#options;
    if (this.#unrecorded) this.#record(this.#unrecorded);
    const turn = store.take(contact.name, limitsOf(contact), clock.now());
    if (!('send' in turn)) return turn;
    const attempt = await this.#attempt(store.message(turn.send, urlOf));
    this.#record({ id: turn.send, attempt });
    return true;
  }

  async #run(): Promise<void> {
    const { clock, log, contact } = this.#options;
    while (!this.#stop.signal.aborted) {
      const ring = this.bell.nextRing;
      try {
        const next = await this.turn();
        if (next !== true) await ringOrTime(ring, next.wakeAt, clock, this.#stop.signal);
      } catch (error) {
        // The store is what failed: full, or locked by another.
        log.error(
          { receiver: contact.name, error: messageOf(error) },
          'the store of the notifier cannot be used',
        );
        await ringOrTime(new Promise(() => {}), clock.now() + 1000, clock, this.#stop.signal);
      }
    }
  }

  async #attempt(message: Message): Promise<Attempt> {
    const limit = AbortSignal.timeout(attemptLimitMs);
    const stopped = delayed(this.#stop.signal, graceMs);
    const signal = AbortSignal.any([limit, stopped.signal]);
    try {
      const { channel } = this.#options.contact;
      const result = await Promise.race([channel.send(message, signal), gaveUp(signal)]);
      return result.outcome === 'retry' && stopped.signal.aborted ? 'interrupted' : result;
    } catch (error) {
      return { outcome: 'retry', reason: messageOf(error) };
    } finally {
      stopped[Symbol.dispose]();
    }
  }

  #record(ended: { readonly id: string; readonly attempt: Attempt }): void {
    this.#unrecorded = ended;
    this.#store(ended.id, ended.attempt);
    this.#unrecorded = undefined;
  }

  #store(id: string, attempt: Attempt): void {
    const { store, clock, log, contact } = this.#options;
    const receiver = contact.name;
    if (attempt === 'interrupted') {
      log.warn(
        { receiver, message: id },
        'a message was cut off by the stop; it is sent again, and may come twice',
      );
      store.putBack(id, receiver, clock.now());
      return;
    }
    const result = plainReason(attempt);
    if (result.outcome !== 'delivered')
      log.warn({ receiver, message: id, ...result }, 'a message was not delivered');
    store.settle(id, result, clock.now());
  }

  /** Finishes what is under way, or puts it back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** Aborts so long after the other. */
function delayed(signal: AbortSignal, ms: number): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => controller.abort(), ms);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', begin);
    },
  };
}

/** A channel that does not even settle when it is told to must not hold its receiver up for ever. */
function gaveUp(signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) => {
    const late = () => resolve({ outcome: 'retry', reason: 'no answer in time' });
    signal.addEventListener('abort', () => setTimeout(late, settleMs).unref(), { once: true });
  });
}
