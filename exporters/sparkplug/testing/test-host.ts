import { silentLog } from '../../../kit/log.ts';
import { DeviceRegister } from '../../devices/device-register.ts';
import { Refusals } from '../../devices/refusals.ts';
import { sparkplugSource } from '../config.ts';
import type { SparkplugDevice } from '../edge-node.ts';
import { SparkplugHost } from '../host.ts';
import { RebirthRequests } from '../rebirth-requests.ts';
import type { MessageType } from '../topic.ts';
import { type EncodedMetric, encodePayload } from './encode-payload.ts';

/** A host without a broker, whose time the test sets. */
export interface TestHost {
  readonly host: SparkplugHost;
  readonly devices: DeviceRegister<SparkplugDevice>;
  /** Edge nodes that were asked for a rebirth. */
  readonly asked: string[];
  /** Unix milliseconds. */
  nowMs: number;
  /** A message of the group L1, from `NODE` or `NODE/DEVICE`. */
  send(type: MessageType, from: string, seq?: number, ...metrics: EncodedMetric[]): void;
  /** Lets time pass, and what is due happen. */
  pass(ms: number): void;
  /** The device L1/…; throws when it is not known. */
  device(name: string): SparkplugDevice;
  refused(): Record<string, number>;
}

export function testHost(source: Record<string, unknown> = {}, maxDevices = 100): TestHost {
  const config = sparkplugSource.parse({ name: 'plant', broker: 'mqtt://127.0.0.1', ...source });
  const asked: string[] = [];
  const rebirths = new RebirthRequests({
    enabled: config.rebirth,
    intervalMs: config.rebirth_interval,
    send: ({ self }) => asked.push(self.key),
  });
  const refusals = new Refusals('plant', 'plant', silentLog);
  const forgetAfterMs = 7 * 86_400_000;
  const devices = new DeviceRegister<SparkplugDevice>({
    maxDevices,
    forgetAfterMs,
    onForgotten: (device) => host.forget(device),
  });
  const host = new SparkplugHost({ source: config, devices, rebirths, refusals });
  const tested: TestHost = {
    host,
    devices,
    asked,
    nowMs: 1_700_000_000_000,
    send(type, from, seq, ...metrics) {
      const [node = '', device] = from.split('/');
      const topic = `spBv1.0/L1/${type}/${node}${device === undefined ? '' : `/${device}`}`;
      const payload = encodePayload({ ...(seq === undefined ? {} : { seq }), metrics });
      host.receive(topic, payload, tested.nowMs);
    },
    pass(ms) {
      tested.nowMs += ms;
      host.tick(tested.nowMs);
      rebirths.tick(tested.nowMs);
    },
    device(name) {
      const device = devices.get(`L1/${name}`);
      if (device === undefined) throw new Error(`no device ${name}`);
      return device;
    },
    refused: () =>
      Object.fromEntries(
        refusals.samples().map(({ series, value }) => [/reason="(\w+)"/.exec(series.labelText)?.[1], value]),
      ),
  };
  host.connected();
  return tested;
}

/** What the tests send as the number of a birth. */
export const bdSeq = (value: number): EncodedMetric => ({ name: 'bdSeq', long: value });
