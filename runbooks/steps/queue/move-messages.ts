import type { Channel, ReturnedMessage, SyncMessage } from 'rabbitmq-client';
import type { Clock } from '../../../kit/clock.ts';
import { UnavailableError } from '../../../kit/errors.ts';
import type { AmqpSession } from '../../../kit/rabbitmq/amqp-session.ts';
import { queueNow } from '../../../kit/rabbitmq/queue-now.ts';
import { keepBytes } from '../../../kit/rabbitmq/raw-bodies.ts';
import { copyFor, operationHeader } from './copy-message.ts';

/** So many are under way at once. As many may be there twice when we are killed between the broker's word and ours. */
const underWay = 20;
/** A broker that is well takes a message at once; one with an alarm never answers. */
const confirmLimitMs = 10_000;

const beyondMost = 'not looked at: more than may be moved at once';

/** What becomes of a message. */
export type Verdict = { to: string; headers?: Readonly<Record<string, string>> } | { leave: string };

export interface Move {
  from: string;
  /** So many are moved at most. */
  most: number;
  /** The step of the run that moves them. */
  operation: string;
  verdict(message: SyncMessage): Promise<Verdict> | Verdict;
}

/** What one pass over a queue has done. */
export interface Moved {
  /** How many went to which queue. */
  moved: Map<string, number>;
  /** How many stayed, by reason. */
  left: Map<string, number>;
}

/**
 * Goes once over what waits in a queue and moves what its verdict says: a copy is published, the broker confirms that it has it,
 * and only then is the original acknowledged. So whenever we die, every message is in one of the two queues, and at worst some are
 * in both. What stays is held until the end and then given back, so that a classic queue puts it where it was.
 */
export async function moveMessages(
  session: AmqpSession,
  move: Move,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Moved> {
  const channel = keepBytes(await session.channel());
  try {
    const waiting = (await queueNow(channel, move.from))?.ready ?? 0;
    await channel.confirmSelect();
    const pass = new Pass(channel, session, move, clock);
    await pass.over(waiting, signal);
    return pass.done;
  } finally {
    // Everything that is not acknowledged goes back with its channel.
    await channel.close().catch(() => {});
  }
}

class Pass {
  readonly done: Moved = { moved: new Map(), left: new Map() };
  readonly #channel: Channel;
  readonly #session: AmqpSession;
  readonly #move: Move;
  readonly #clock: Clock;
  readonly #returned = new Set<string>();
  #count = 0;

  constructor(channel: Channel, session: AmqpSession, move: Move, clock: Clock) {
    this.#channel = channel;
    this.#session = session;
    this.#move = move;
    this.#clock = clock;
    // What no queue takes comes back before it is confirmed.
    channel.on('basic.return', ({ headers }: ReturnedMessage) => {
      this.#returned.add(String(headers?.[operationHeader]));
    });
  }

  /** What comes while we are at it is not looked at: a message that returns would go round for ever. */
  async over(waiting: number, signal: AbortSignal): Promise<void> {
    let seen = 0;
    while (seen < waiting && this.#count < this.#move.most) {
      const batch: { message: SyncMessage; to: string; headers: Record<string, string> }[] = [];
      const room = Math.min(underWay, this.#move.most - this.#count);
      while (batch.length < room && seen < waiting) {
        signal.throwIfAborted();
        const message = await this.#channel.basicGet({ queue: this.#move.from });
        if (!message) return this.#send(batch);
        seen++;
        const verdict = await this.#move.verdict(message);
        if ('leave' in verdict) add(this.done.left, verdict.leave);
        else batch.push({ message, to: verdict.to, headers: this.#headers(verdict.headers) });
      }
      // Once begun a batch is brought to its end: it takes as long as the broker, and half of it would be there twice.
      await this.#send(batch);
    }
    if (seen < waiting) this.done.left.set(beyondMost, waiting - seen);
  }

  #headers(own: Readonly<Record<string, string>> = {}): Record<string, string> {
    this.#count++;
    return { ...own, [operationHeader]: `${this.#move.operation}#${this.#count}` };
  }

  async #send(
    batch: readonly { message: SyncMessage; to: string; headers: Record<string, string> }[],
  ): Promise<void> {
    const sending = batch.map(({ message, to, headers }) => {
      const { envelope, body } = copyFor(message, to, headers);
      return this.#channel.basicPublish(envelope, body);
    });
    await this.#confirmed(sending);
    for (const { message, to, headers } of batch) {
      if (this.#returned.has(headers[operationHeader] ?? '')) add(this.done.left, `there is no queue ${to}`);
      else {
        this.#channel.basicAck({ deliveryTag: message.deliveryTag });
        add(this.done.moved, to);
      }
    }
  }

  async #confirmed(sending: readonly Promise<void>[]): Promise<void> {
    if (sending.length === 0) return;
    const done = new AbortController();
    const refuse = (why: string) => {
      throw new UnavailableError(
        'queue.unconfirmed',
        `the broker has not confirmed what it was sent: ${why}`,
        {
          mend: `Nothing is lost. Up to ${sending.length} messages may be in both queues, the copies with the header ${operationHeader}.`,
        },
      );
    };
    const tooLate = this.#clock.sleep(confirmLimitMs, done.signal).then(
      () => refuse(`no answer within ${confirmLimitMs / 1000} s`),
      () => {},
    );
    try {
      await Promise.race([
        Promise.all(sending),
        tooLate,
        this.#session.blocked.then(refuse),
        this.#session.lost.then(refuse),
      ]);
    } finally {
      done.abort();
    }
  }
}

const add = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** How many in all. */
export const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);
