import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Admin, type AdminOptions, type Connection, instancesChannel } from '@platformatic/kafka';
import type { TargetOf } from '../../kit/targets.ts';

/** One request, or one connection, of a scrape. */
const requestMs = 2500;

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** A client of one cluster. It connects with its first request; dispose it to drop its connections, requests under way included. */
export class KafkaClient implements Disposable {
  readonly admin: Admin;
  readonly #hear = (created: unknown): void => this.#listen(created);

  constructor(target: TargetOf<'kafka'>) {
    instancesChannel.subscribe(this.#hear);
    this.admin = new Admin(optionsOf(target));
  }

  /**
   * A connection of the library that fails twice (a broker refuses the password, then resets) emits its second error to nobody,
   * which would end the process. What matters comes back with the request.
   */
  #listen(created: unknown): void {
    const { type, instance } = created as { type: string; instance: Connection };
    if (type === 'connection') instance.on('error', () => {});
  }

  [Symbol.dispose](): void {
    instancesChannel.unsubscribe(this.#hear);
    this.admin.close().catch(() => {}); // What cannot be closed is closed already.
  }
}

function optionsOf({ brokers, tls, sasl }: TargetOf<'kafka'>): AdminOptions {
  return {
    clientId: 'andon',
    bootstrapBrokers: brokers,
    // The next scrape is the next attempt.
    retries: 0,
    connectTimeout: requestMs,
    requestTimeout: requestMs,
    timeout: requestMs,
    ...(tls === undefined ? {} : { tls: tls === true ? {} : { ca: readFileSync(tls.ca_file) } }),
    // A server is told the name that is asked for, but an address is no name (RFC 6066).
    tlsServerName: !brokers.some((broker) => isIP(broker.slice(0, broker.lastIndexOf(':')))),
    ...(sasl === undefined
      ? {}
      : {
          sasl: { mechanism: mechanisms[sasl.mechanism], username: sasl.username, password: sasl.password },
        }),
  };
}

/** Why a request failed, from the innermost errors: the outer ones say "Cannot connect to any broker." */
export function kafkaReason(error: unknown): string {
  return [...new Set(innermost(error))].join('; ');
}

function innermost(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(innermost);
  return error.cause === undefined ? [error.message] : innermost(error.cause);
}
