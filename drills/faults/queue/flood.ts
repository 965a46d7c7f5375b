import type { Channel } from 'rabbitmq-client';
import { messageOf } from '../../../kit/errors.ts';
import { type AmqpSession, openAmqp } from '../../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { bindingsOf } from '../../../kit/rabbitmq/topology.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { waitFor } from '../../../kit/wait.ts';
import type { Host, Plan } from '../../fault.ts';
import { runName } from '../../run-name.ts';
import type { FloodParams } from '../queue-flood.ts';
import { alarmOf } from './demands.ts';
import type { Message } from './publish.ts';
import { Pump } from './pump.ts';
import { nextMessage } from './sample.ts';

/** A broker that is well takes the first message at once. */
const beginLimitMs = 5000;
/** One with an alarm answers nothing more. */
const flushLimitMs = 2000;
/** The broker tells its publishers about an alarm by itself; that it is asked too covers those that do not. */
const alarmEveryMs = 1000;

/** A flood on one queue, from the message that is copied to the last copy. */
export class Flood implements AsyncDisposable {
  /** Resolves when the broker has ended it (`server`), or the lease did while we slept (`lease`). */
  readonly endedByOthers: Promise<string>;
  readonly #ended: (by: string) => void;
  readonly #target: TargetOf<'rabbitmq'>;
  readonly #wish: FloodParams;
  readonly #plan: Plan;
  readonly #host: Host;
  readonly #api: ManagementApi;
  readonly #stop = new AbortController();
  #session: AmqpSession | undefined;
  #channel: Channel | undefined;
  #pump: Pump | undefined;
  #watching: Promise<void> | undefined;

  constructor(target: TargetOf<'rabbitmq'>, wish: FloodParams, plan: Plan, host: Host) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.endedByOthers = promise;
    this.#ended = resolve;
    this.#target = target;
    this.#wish = wish;
    this.#plan = plan;
    this.#host = host;
    this.#api = new ManagementApi(target, host.fetch);
  }

  /** How many messages the broker has taken. */
  get taken(): number {
    return this.#pump?.taken ?? 0;
  }

  async begin(signal: AbortSignal): Promise<void> {
    const { clock } = this.#host;
    const mark = runName(this.#plan.run);
    this.#session = await openAmqp(this.#target.url, mark, clock);
    const message = await this.#message(this.#session, mark, signal);
    const channel = await this.#session.channel();
    this.#channel = channel;
    await channel.confirmSelect();
    const { queue, rate, most } = this.#wish;
    const end = clock.now() + this.#plan.durationMs;
    const pump = new Pump({ channel, queue, mark, message, rate, most, end, clock });
    this.#pump = pump;
    const stopFor = (reason: string) => {
      pump.stop();
      if (this.#stop.signal.aborted) return;
      this.#host.log.warn({ target: this.#plan.target, reason }, 'the flood stops: the broker wants it so');
      this.#ended('server');
    };
    void this.#session.blocked.then((reason) => stopFor(`alarm: ${reason}`));
    void this.#session.lost.then(stopFor);
    void pump.ended.then((reason) => {
      if (reason === 'lease') this.#ended('lease');
    });
    this.#watching = this.#watchAlarm(stopFor);
    const begun = () => pump.taken > 0;
    await waitFor(begun, {
      what: `the flood of ${queue}`,
      timeoutMs: beginLimitMs,
      everyMs: 20,
      signal,
      clock,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the flood is over'));
    this.#pump?.stop();
    await this.#pump?.ended;
    await this.#watching;
    // What is still on its way is in the queue when the broker has answered this: only then can it be taken back.
    await Promise.race([this.#channel?.close(), this.#host.clock.sleep(flushLimitMs)]).catch(() => {});
    await this.#session?.[Symbol.asyncDispose]();
  }

  async #message(session: AmqpSession, name: string, signal: AbortSignal): Promise<Message> {
    const { queue, body, content_type: contentType } = this.#wish;
    if (body !== undefined) return { properties: { contentType, durable: true }, body: Buffer.from(body) };
    const bindings = await bindingsOf(this.#api, queue, signal);
    return nextMessage(session, { queue, bindings, name: `${name}.sample` }, signal, this.#host.clock);
  }

  async #watchAlarm(stopFor: (reason: string) => void): Promise<void> {
    const { clock, log } = this.#host;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(alarmEveryMs, signal).catch(() => {});
      try {
        const alarm = await alarmOf(this.#api, signal);
        if (alarm !== undefined) return stopFor(alarm);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ error: messageOf(error) }, 'the broker does not say whether it has an alarm');
      }
    }
  }
}
