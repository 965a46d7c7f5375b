import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { createChannel, type Receiver } from './channels/registry.ts';
import type { NotifyConfig } from './config.ts';
import { readToken } from './configured-token.ts';
import type { Contact } from './contact.ts';
import type { NotifyServiceOptions } from './service.ts';

/** What the service borrows besides its section. */
export interface NotifyTools {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly log: Log;
  /** The plant's, for receivers that name none. */
  readonly timezone: string;
}

/** A receiver of andon.yaml with its channel. */
export function contactOf(receiver: Receiver, tools: NotifyTools): Contact {
  const { name, rate } = receiver;
  return {
    name,
    channel: createChannel(receiver, tools),
    rate: rate && { messages: rate.messages, perMs: rate.per },
  };
}

/** The service as andon.yaml describes it. Throws when the token cannot be read. */
export function notifyServiceOptions(config: NotifyConfig, tools: NotifyTools): NotifyServiceOptions {
  const { listen, store, routes, receivers, heartbeat } = config;
  return {
    ...{ listen, store, routes },
    token: readToken(config),
    publicUrl: config.public_url,
    contacts: receivers.map((receiver) => contactOf(receiver, tools)),
    heartbeat: {
      alert: heartbeat.alert,
      silentAfterMs: heartbeat.silent_after,
      receivers: heartbeat.receivers ?? receivers.map(({ name }) => name),
    },
    maxAgeMs: config.max_age,
    keepMs: config.keep,
    clock: tools.clock,
    log: tools.log,
  };
}
