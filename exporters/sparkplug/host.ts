import type { DeviceRegister } from '../devices/device-register.ts';
import type { Refusals } from '../devices/refusals.ts';
import type { SavedDevice } from '../devices/reported-device.ts';
import type { SparkplugSource } from './config.ts';
import { EdgeNode, type NodeMessage, SparkplugDevice } from './edge-node.ts';
import { bdSeqOf, decodePayload, isHistorical, type SparkplugPayload } from './payload.ts';
import type { RebirthRequests } from './rebirth-requests.ts';
import { readBirthState, readDataState } from './state-reading.ts';
import { deviceName, parseTopic, type SparkplugTopic } from './topic.ts';

export interface SparkplugHostOptions {
  source: SparkplugSource;
  devices: DeviceRegister<SparkplugDevice>;
  rebirths: RebirthRequests;
  refusals: Refusals;
}

/**
 * What a Sparkplug B host application knows of edge nodes and devices, from their messages alone: no clock, no connection.
 * After Sparkplug 3.0, chapter 5.
 */
export class SparkplugHost {
  readonly #options: SparkplugHostOptions;
  readonly #nodes = new Map<string, EdgeNode>();
  /** Those which wait for a missing message. */
  readonly #waiting = new Set<EdgeNode>();
  /** Counts our connections to the broker: what came before the last one may have missed something. */
  #connection = 0;

  constructor(options: SparkplugHostOptions) {
    this.#options = options;
  }

  /** A new connection to the broker: nobody knows what was missed, so every edge node is asked. */
  connected(): void {
    this.#connection += 1;
    for (const node of this.#nodes.values()) this.#options.rebirths.want(node);
  }

  /** Takes one message, whatever it holds. */
  receive(topicText: string, bytes: Uint8Array, nowMs: number): void {
    const topic = parseTopic(topicText);
    let payload: SparkplugPayload;
    try {
      if (topic === undefined) throw new Error('the topic is not of Sparkplug B, or its names are too long');
      payload = decodePayload(bytes);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.refusals.refuse('malformed', { topic: topicText, why });
      return;
    }
    this.#take({ topic, payload, atMs: nowMs });
  }

  #take(message: NodeMessage): void {
    const { topic, payload, atMs } = message;
    const known = this.#nodes.get(`${topic.group}/${topic.node}`);
    if (topic.type === 'NDEATH') {
      if (known !== undefined) this.#nodeDeath(known, payload);
      return;
    }
    const node = known ?? this.#newNode(topic, atMs);
    if (node === undefined) return;
    if (topic.type === 'NBIRTH') this.#nodeBirth(node, message);
    else this.#inOrder(node, message);
  }

  #nodeBirth(node: EdgeNode, { payload, atMs }: NodeMessage): void {
    node.bdSeq = bdSeqOf(payload);
    node.session += 1;
    node.bornMs = atMs;
    node.isAlive = true;
    node.isIntact = true;
    node.connection = this.#connection;
    node.sequence.restart(payload.seq);
    this.#waiting.delete(node);
    this.#options.rebirths.settled(node);
    this.#deviceBirth(node.self, { payload, atMs });
  }

  /** The will of a session that has ended. That of an earlier one may come late, and means nothing. */
  #nodeDeath(node: EdgeNode, payload: SparkplugPayload): void {
    const bdSeq = bdSeqOf(payload);
    if (!node.isAlive || bdSeq === undefined || bdSeq !== node.bdSeq) return;
    node.isAlive = false;
    node.isIntact = false;
    node.self.deaths += 1;
    node.sequence.restart(undefined);
    this.#waiting.delete(node);
    this.#options.devices.unsaved.add(node.self);
  }

  #inOrder(node: EdgeNode, message: NodeMessage): void {
    const { seq } = message.payload;
    // Without a number nothing can be said about the order.
    const ready = seq === undefined ? [message] : node.sequence.accept(seq, message, message.atMs);
    this.#apply(node, ready);
    if (node.sequence.isFull) this.#giveUp(node);
    else if (node.sequence.waitingSinceMs === undefined) this.#waiting.delete(node);
    else this.#waiting.add(node);
  }

  #apply(node: EdgeNode, messages: readonly NodeMessage[]): void {
    for (const message of messages) this.#applyOne(node, message);
    if (messages.length === 0) return;
    if (node.isIntact) node.connection = this.#connection;
    else this.#options.rebirths.want(node);
  }

  #applyOne(node: EdgeNode, { topic, payload, atMs }: NodeMessage): void {
    // The past says nothing about now, neither who is there nor in which state.
    if (isHistorical(payload)) return;
    const { devices } = this.#options;
    devices.heard(node.self, atMs);
    if (topic.type === 'NDATA') this.#deviceData(node.self, { payload, atMs });
    if (topic.device === undefined) return;
    const key = `${topic.group}/${deviceName(topic.node, topic.device)}`;
    const known = devices.get(key);
    if (topic.type === 'DDEATH') {
      if (known?.isAlive) this.#deviceDeath(known);
      return;
    }
    const device = known ?? this.#newDevice(node, topic.device, atMs);
    if (device === undefined) return;
    if (topic.type === 'DBIRTH') this.#deviceBirth(device, { payload, atMs });
    else this.#deviceData(device, { payload, atMs });
  }

  #deviceBirth(device: SparkplugDevice, { payload, atMs }: Pick<NodeMessage, 'payload' | 'atMs'>): void {
    const { devices, source } = this.#options;
    device.isAlive = true;
    device.session = device.node.session;
    readBirthState(source.state, device, payload);
    devices.heard(device, atMs);
    devices.unsaved.add(device);
  }

  #deviceDeath(device: SparkplugDevice): void {
    device.isAlive = false;
    device.deaths += 1;
    this.#options.devices.unsaved.add(device);
  }

  #deviceData(device: SparkplugDevice, { payload, atMs }: Pick<NodeMessage, 'payload' | 'atMs'>): void {
    const { devices, rebirths, source } = this.#options;
    devices.heard(device, atMs);
    if (readDataState(source.state, device, payload)) devices.unsaved.add(device);
    if (device.session !== device.node.session || !device.isAlive) rebirths.want(device.node);
  }

  /** Gives up messages that were missing for too long. */
  tick(nowMs: number): void {
    for (const node of this.#waiting) {
      const since = node.sequence.waitingSinceMs ?? nowMs;
      if (nowMs - since >= this.#options.source.reorder_timeout) this.#giveUp(node);
    }
  }

  #giveUp(node: EdgeNode): void {
    this.#waiting.delete(node);
    const { gaps, ready } = node.sequence.giveUp();
    node.gaps += gaps;
    node.isIntact = false;
    this.#apply(node, ready);
  }

  /** Whether a device counts as heard although it says nothing: its session stands, and nothing of it was missed. */
  isVouched({ node, session, isAlive }: SparkplugDevice): boolean {
    return isAlive && session === node.session && node.isIntact && node.connection === this.#connection;
  }

  /** An edge node or device as the file of an earlier run knows it. */
  restore(saved: SavedDevice): SparkplugDevice | undefined {
    const [group = '', id = '', name] = saved.key.split('/');
    const nodeKey = `${group}/${id}`;
    const type = name === undefined ? 'NDATA' : 'DDATA';
    const node =
      this.#nodes.get(nodeKey) ?? this.#newNode({ type, group, node: id, device: name }, saved.heardMs);
    if (node === undefined) return undefined;
    if (name === undefined) {
      node.bdSeq = saved.bdSeq;
      node.isAlive = saved.isAlive;
    }
    const device = name === undefined ? node.self : this.#newDevice(node, name, saved.heardMs);
    if (device === undefined) return undefined;
    device.heardMs = saved.heardMs;
    device.state = saved.state;
    if (name !== undefined) device.isAlive = saved.isAlive;
    return device;
  }

  /** Its edge node goes with it; its devices are older still. */
  forget({ node, key }: SparkplugDevice): void {
    if (node.self.key !== key) return;
    this.#nodes.delete(key);
    this.#waiting.delete(node);
    this.#options.rebirths.settled(node);
  }

  #newNode({ group, node: id }: SparkplugTopic, heardMs: number): EdgeNode | undefined {
    const node = new EdgeNode(group, id, this.#labels(group, id, undefined), heardMs);
    if (!this.#store(node.self)) return undefined;
    this.#nodes.set(`${group}/${id}`, node);
    return node;
  }

  #newDevice(node: EdgeNode, name: string, heardMs: number): SparkplugDevice | undefined {
    const labels = this.#labels(node.group, node.id, name);
    const device = new SparkplugDevice(node, name, labels, heardMs);
    return this.#store(device) ? device : undefined;
  }

  #store(device: SparkplugDevice): boolean {
    const isStored = this.#options.devices.add(device);
    if (!isStored) this.#options.refusals.refuse('device_limit', { device: device.key });
    return isStored;
  }

  #labels(group: string, node: string, device: string | undefined) {
    const { name, target = name, line } = this.#options.source;
    return { target, line: line === 'group' ? group : node, device: deviceName(node, device) };
  }
}
