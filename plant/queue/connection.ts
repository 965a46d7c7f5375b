import { Connection } from 'rabbitmq-client';
import type { SparseLog } from '../sparse-log.ts';

/** The part of a settings file that says how to reach the queue. */
export interface QueueSettings {
  queue: string;
  amqp_heartbeat_seconds: number;
  reconnect_min_ms: number;
  reconnect_max_ms: number;
  connect_timeout_ms: number;
}

/** A connection that is made and made again in the background, for as long as the process lives. */
export function connectQueue(name: string, settings: QueueSettings, log: SparseLog): Connection {
  const connection = new Connection({
    url: settings.queue,
    connectionName: name,
    heartbeat: settings.amqp_heartbeat_seconds,
    retryLow: settings.reconnect_min_ms,
    retryHigh: settings.reconnect_max_ms,
    connectionTimeout: settings.connect_timeout_ms,
  });
  connection.on('error', (error) => log.failure('the queue is away', error));
  return connection;
}
