import { connectAsync, type MqttClient } from 'mqtt';
import type { MessageType } from '../topic.ts';
import { type EncodedMetric, encodePayload } from './encode-payload.ts';

/** An edge node that speaks Sparkplug B to a real broker. */
export class TestEdgeNode implements AsyncDisposable {
  readonly group: string;
  readonly id: string;
  readonly bdSeq: number;
  /** Of the next message. */
  seq = 0;
  readonly #client: MqttClient;

  private constructor(client: MqttClient, group: string, id: string, bdSeq: number) {
    this.#client = client;
    this.group = group;
    this.id = id;
    this.bdSeq = bdSeq;
  }

  /** Connects with its death as will, as every edge node must. */
  static async connect(url: string, group: string, id: string, bdSeq = 0): Promise<TestEdgeNode> {
    const will = {
      topic: `spBv1.0/${group}/NDEATH/${id}`,
      payload: encodePayload({ metrics: [{ name: 'bdSeq', long: bdSeq }] }),
      qos: 1 as const,
      retain: false,
    };
    const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, will });
    return new TestEdgeNode(client, group, id, bdSeq);
  }

  async birth(metrics: readonly EncodedMetric[] = []): Promise<void> {
    this.seq = 0;
    await this.send('NBIRTH', undefined, [{ name: 'bdSeq', long: this.bdSeq }, ...metrics]);
  }

  /** A message with the next sequence number, or another one. */
  async send(
    type: MessageType,
    device?: string,
    metrics: readonly EncodedMetric[] = [{ name: 'x', int: 1 }],
    seq = this.seq,
  ): Promise<void> {
    this.seq = (seq + 1) % 256;
    await this.publish(type, device, encodePayload({ seq, metrics }));
  }

  async publish(type: string, device: string | undefined, payload: Buffer, retain = false): Promise<void> {
    const tail = device === undefined ? '' : `/${device}`;
    const topic = `spBv1.0/${this.group}/${type}/${this.id}${tail}`;
    await this.#client.publishAsync(topic, payload, { qos: 0, retain });
  }

  /** Goes without a word, as a gateway does whose power is cut: the broker sends the will. */
  async die(): Promise<void> {
    this.#client.stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}
