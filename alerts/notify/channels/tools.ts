import type { Clock } from '../../../kit/clock.ts';
import type { Log } from '../../../kit/log.ts';

/** What a channel borrows. */
export interface ChannelTools {
  readonly fetch: typeof globalThis.fetch;
  readonly log: Log;
  readonly clock: Clock;
  /** The plant's time zone, for receivers that name none; without it their cards are in UTC. */
  readonly timezone?: string;
}
