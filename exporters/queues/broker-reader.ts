import type { ScrapeRun } from '../collector.ts';

/** One queue as its broker has it. What the broker does not say is undefined, which is not the same as 0. */
export interface QueueNow {
  readonly vhost: string;
  readonly name: string;
  readonly ready: number | undefined;
  readonly unacked: number | undefined;
  readonly consumers: number | undefined;
  readonly acked: number | undefined;
  readonly redelivered: number | undefined;
  /** Unix seconds: what its publisher wrote into the oldest waiting message. */
  readonly oldestMessage: number | undefined;
}

/** Messages that were dead-lettered: into one queue, or anywhere on this broker where both names are empty. */
export interface DeadLettered {
  readonly vhost: string;
  readonly queue: string;
  readonly total: number;
}

/** What one reading of a broker gave. With a `failure` it is what could still be read. */
export interface BrokerNow {
  readonly queues: readonly QueueNow[];
  readonly deadLettered: readonly DeadLettered[];
  readonly failure?: unknown;
}

/** One way to ask a broker about its queues. Throws when not even their depth could be read. */
export interface BrokerReader {
  read(run: ScrapeRun): Promise<BrokerNow>;
}

/** One key for a queue among all virtual hosts. */
export const queueKey = (vhost: string, name: string): string => JSON.stringify([vhost, name]);
