import { metrics } from '../catalogue.ts';
import type { DeviceState } from '../devices/device-state.ts';
import { type DeviceLabels, ReportedDevice, type SavedDevice } from '../devices/reported-device.ts';
import { type Sample, Series } from '../sample.ts';
import type { SparkplugPayload } from './payload.ts';
import { MessageSequence } from './sequence.ts';
import { deviceName, type SparkplugTopic } from './topic.ts';

/** A message as it waits for its turn in the sequence. */
export interface NodeMessage {
  readonly topic: SparkplugTopic;
  readonly payload: SparkplugPayload;
  readonly atMs: number;
}

/** An edge node: one MQTT client, with a session that begins with a birth and ends with a death. */
export class EdgeNode {
  readonly group: string;
  readonly id: string;
  /** The edge node as a device among the others. */
  readonly self: SparkplugDevice;
  readonly sequence = new MessageSequence<NodeMessage>();
  /** The number in its last birth: the will of that session bears the same. */
  bdSeq: number | undefined;
  /** Counts its births. */
  session = 0;
  bornMs = 0;
  isAlive = true;
  /** Whether nothing was missed since its birth. */
  isIntact = false;
  /** On which of our connections to the broker that was last seen. */
  connection = 0;
  gaps = 0;
  rebirthAskedMs = Number.NEGATIVE_INFINITY;
  #gaps: Series | undefined;

  constructor(group: string, id: string, labels: DeviceLabels, heardMs: number) {
    this.group = group;
    this.id = id;
    this.self = new SparkplugDevice(this, undefined, labels, heardMs);
  }

  gapsSample(): Sample {
    this.#gaps ??= new Series(metrics.deviceSequenceGaps, this.self.labels);
    return { series: this.#gaps, value: this.gaps };
  }
}

/** A device of an edge node, or the edge node itself. */
export class SparkplugDevice extends ReportedDevice {
  readonly node: EdgeNode;
  isAlive = true;
  /** The session of its edge node in which it was born; -1 before its first birth. */
  session = -1;
  /** Whether it counted as heard in the last scrape because its session stood. */
  isVouched = false;
  deaths = 0;
  /** The number that stands for the metric of its state in data messages. */
  stateAlias: string | undefined;
  #deaths: Series | undefined;

  constructor(node: EdgeNode, device: string | undefined, labels: DeviceLabels, heardMs: number) {
    super(`${node.group}/${deviceName(node.id, device)}`, labels, heardMs);
    this.node = node;
  }

  deathsSample(): Sample {
    this.#deaths ??= new Series(metrics.deviceDeaths, this.labels);
    return { series: this.#deaths, value: this.deaths };
  }

  /** Breaks in the numbering are the edge node's: its devices share its numbers. */
  gapsSample(): Sample | undefined {
    return this.node.self === this ? this.node.gapsSample() : undefined;
  }

  /** The state to publish: who is dead is not available, whatever it said before. */
  stateAt(nowMs: number): DeviceState | undefined {
    return this.isAlive && this.node.isAlive && !this.wasLeftOut(nowMs) ? this.state : 'not_available';
  }

  /** Whether its edge node was born anew without it, and it has not been heard since. */
  wasLeftOut(nowMs: number): boolean {
    const { node } = this;
    return (
      this.session !== node.session && this.heardMs < node.bornMs && nowMs - node.bornMs > deviceBirthWithinMs
    );
  }

  override toSaved(): SavedDevice {
    const { key, heardMs, state, isVouched, node } = this;
    const isNode = node.self === this;
    const isAlive = isNode ? node.isAlive : this.isAlive;
    return { key, heardMs, state, isAlive, isVouched, bdSeq: isNode ? node.bdSeq : undefined };
  }
}

/** The births of devices follow that of their edge node at once; so long is patience for a slow link. */
const deviceBirthWithinMs = 30_000;
