import type { Channel } from 'rabbitmq-client';
import type { Clock } from '../../../kit/clock.ts';
import { messageOf } from '../../../kit/errors.ts';
import { leaseMs } from '../../lease.ts';
import { expirationOf, type Message, publish } from './publish.ts';

/** How often what is due is sent. */
const tickMs = 50;
/** After a pause not more than this much of it is made up for at once. */
const catchUpMs = 250;

export interface PumpOptions {
  channel: Channel;
  queue: string;
  mark: string;
  message: Message;
  /** Messages a second. */
  rate: number;
  /** Messages in all. */
  most: number;
  /** Unix milliseconds: when the fault is to be over. */
  end: number;
  clock: Clock;
}

/**
 * Sends copies of a message to a queue at a steady rate, each batch only when the broker has taken the last one. It ends with the
 * session, at `most`, at `stop`, and when it finds that it slept longer than a lease: by then its messages were taken back.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #stop = new AbortController();
  readonly #working: Promise<string>;
  #sent = 0;
  #taken = 0;

  constructor(options: PumpOptions) {
    this.#options = options;
    // What cannot be routed comes back before it is confirmed.
    options.channel.on('basic.return', () => {
      this.#taken -= 1;
    });
    this.#working = this.#work().catch(messageOf);
  }

  /** How many messages the broker has taken into the queue. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves with the reason when it has ended: `most`, `stopped`, `lease`, or an error's text. */
  get ended(): Promise<string> {
    return this.#working;
  }

  stop(): void {
    this.#stop.abort(new Error('stopped'));
  }

  async #work(): Promise<string> {
    const { rate, most, clock } = this.#options;
    const { signal } = this.#stop;
    for (let last = clock.now(), owed = 0; ; ) {
      await clock.sleep(tickMs, signal);
      const now = clock.now();
      if (now - last > leaseMs) return 'lease';
      owed += (Math.min(now - last, catchUpMs) / 1000) * rate;
      last = now;
      const batch = Math.min(Math.floor(owed), most - this.#sent);
      owed -= batch;
      await this.#send(batch, signal);
      if (this.#sent >= most) return 'most';
    }
  }

  async #send(count: number, signal: AbortSignal): Promise<void> {
    const { channel, queue, mark, message, end, clock } = this.#options;
    const route = { exchange: '', routingKey: queue };
    const properties = { ...message.properties, mandatory: true, expiration: expirationOf(end, clock) };
    this.#sent += count;
    const sending = Promise.all(
      Array.from({ length: count }, async () => {
        await publish(channel, route, mark, { ...message, properties });
        this.#taken += 1;
      }),
    );
    // A broker with an alarm confirms nothing for as long as that lasts.
    const stopped = Promise.withResolvers<never>();
    const stop = () => stopped.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([sending, stopped.promise]).finally(() => signal.removeEventListener('abort', stop));
  }
}
