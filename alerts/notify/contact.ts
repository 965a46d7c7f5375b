import type { Channel } from './channel.ts';
import type { RateLimit } from './rate-window.ts';

/** A receiver of andon.yaml with its way to it. */
export interface Contact {
  readonly name: string;
  readonly channel: Channel;
  /** Its own limit, besides that of the channel; both are kept. */
  readonly rate?: RateLimit | undefined;
}

/** All limits that count for it. */
export const limitsOf = ({ channel, rate }: Contact): readonly RateLimit[] =>
  rate === undefined ? [channel.limit] : [channel.limit, rate];
