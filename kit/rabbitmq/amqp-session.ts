import { type Channel, Connection } from 'rabbitmq-client';
import { type Clock, systemClock } from '../clock.ts';
import { messageOf, UnavailableError } from '../errors.ts';

/** A broker that is well answers at once; a drill cannot wait longer for one that is not. */
const connectLimitMs = 5000;
/** What is left of a goodbye that nobody answers. */
const goodbyeLimitMs = 1000;
/** A broker that has gone without a word shows after two of these. */
const heartbeatSeconds = 5;
/** A session of a drill never comes back by itself: it would go on with what has been taken back. */
const neverMs = 3_600_000;

/** One connection of a drill, under the drill's name, until it is disposed of or lost. */
export interface AmqpSession extends AsyncDisposable {
  channel(): Promise<Channel>;
  /** Resolves with the reason when the broker or the network has ended it. */
  readonly lost: Promise<string>;
  /** Resolves when the broker takes no more messages: an alarm (memory, disk). */
  readonly blocked: Promise<string>;
}

/** Connects by the target's own URL. Throws UnavailableError with the broker's reason. */
export async function openAmqp(url: string, name: string, clock: Clock = systemClock): Promise<AmqpSession> {
  const connection = new Connection({
    url,
    connectionName: name,
    heartbeat: heartbeatSeconds,
    connectionTimeout: connectLimitMs,
    acquireTimeout: connectLimitMs,
    retryLow: neverMs,
    retryHigh: neverMs,
  });
  const lost = Promise.withResolvers<string>();
  const blocked = Promise.withResolvers<string>();
  const connected = Promise.withResolvers<void>();
  connection.on('connection', () => connected.resolve());
  connection.on('connection.blocked', (reason) => blocked.resolve(reason));
  connection.on('error', (error: unknown) => {
    lost.resolve(messageOf(error));
    connected.reject(error);
    connection.unsafeDestroy();
  });
  try {
    await connected.promise;
  } catch (cause) {
    throw new UnavailableError(
      'queue.unreachable',
      `RabbitMQ at ${brokerAddress(url)}: ${messageOf(cause)}`,
      {
        mend: 'See whether it runs, and whether user, password and virtual host under `url` are right.',
        cause,
      },
    );
  }
  return {
    lost: lost.promise,
    blocked: blocked.promise,
    channel: () => openChannel(connection),
    async [Symbol.asyncDispose]() {
      await Promise.race([connection.close(), clock.sleep(goodbyeLimitMs)]).catch(() => {});
      connection.unsafeDestroy();
    },
  };
}

/** What a channel is refused shows in the call that was refused, and does not end the connection. */
async function openChannel(connection: Connection): Promise<Channel> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  channel.on('error', () => {});
  return channel;
}

/** Host and port of a broker's URL, without the password. */
export function brokerAddress(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'amqps:' ? '5671' : '5672')}`;
}

/** The virtual host of a broker's URL: `/` when it names none. */
export const virtualHostOf = (url: string): string =>
  decodeURIComponent(new URL(url).pathname.slice(1)) || '/';

/** The user of a broker's URL. */
export const userOf = (url: string): string => decodeURIComponent(new URL(url).username) || 'guest';
