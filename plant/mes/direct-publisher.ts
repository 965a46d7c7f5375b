import type { Channel, Connection } from 'rabbitmq-client';
import { traceHeaders } from '../../kit/tracing.ts';
import type { OperationReported } from '../mes-api.ts';
import { declareTopology, operationReportedTopic } from '../queue/topology.ts';
import type { SparseLog } from '../sparse-log.ts';
import { envelope } from './outbox-relay.ts';

/** The weakness `outbox`: publish after the commit and hope. What finds no open channel is lost, as in many a plant. */
export class DirectPublisher {
  #channel: Channel | undefined;
  readonly #queue: Connection;
  readonly #log: SparseLog;

  constructor(queue: Connection, log: SparseLog) {
    this.#queue = queue;
    this.#log = log;
    queue.on('connection', () => {
      void this.#open();
    });
  }

  publish(event: OperationReported): void {
    const channel = this.#channel;
    if (!channel?.active || !this.#queue.ready) {
      this.#log.failure('an event was dropped', new Error(`no open channel for ${event.op_id}`));
      return;
    }
    const way = { ...envelope(operationReportedTopic, event.op_id), headers: traceHeaders() };
    channel.basicPublish(way, event).catch((error: unknown) => {
      this.#log.failure('an event was dropped', error);
    });
  }

  async #open(): Promise<void> {
    try {
      const channel = await this.#queue.acquire();
      await declareTopology(channel);
      this.#channel = channel;
    } catch (error) {
      this.#log.failure('no channel to the queue', error);
    }
  }
}
