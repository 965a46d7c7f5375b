import type { Clock } from '../../kit/clock.ts';
import { type Collected, type Collector, collectorTimeoutMs, type ScrapeRun } from '../collector.ts';
import { DeviceMemory } from '../devices/device-memory.ts';
import { DeviceRegister } from '../devices/device-register.ts';
import { deviceSamples } from '../devices/device-samples.ts';
import { Refusals } from '../devices/refusals.ts';
import type { CollectorKind, ExporterSetup } from '../exporter-setup.ts';
import { BrokerConnection } from '../sparkplug/broker-connection.ts';
import type { SparkplugSource } from '../sparkplug/config.ts';
import type { SparkplugDevice } from '../sparkplug/edge-node.ts';
import { SparkplugHost } from '../sparkplug/host.ts';
import { rebirthCommand } from '../sparkplug/payload.ts';
import { RebirthRequests } from '../sparkplug/rebirth-requests.ts';
import { commandTopic, topicFilters } from '../sparkplug/topic.ts';

/** How often it is looked whether a missing message is overdue, or an edge node is to be asked. */
const tickMs = 250;
/** Left of a scrape that waits for the first connection, to publish what is known without it. */
const reserveMs = 500;

/** When each device was last heard that reports over MQTT Sparkplug B, its state, deaths and lost messages. */
export const sparkplug: CollectorKind = (setup) =>
  setup.config.devices.sparkplug.map((source) => new SparkplugCollector(source, setup));

class SparkplugCollector implements Collector {
  readonly name = 'sparkplug';
  readonly target: string;
  readonly timeoutMs = collectorTimeoutMs;
  readonly whenSilent = [];
  readonly #source: SparkplugSource;
  readonly #clock: Clock;
  readonly #refusals: Refusals;
  readonly #devices: DeviceRegister<SparkplugDevice>;
  readonly #rebirths: RebirthRequests;
  readonly #host: SparkplugHost;
  readonly #memory: DeviceMemory<SparkplugDevice>;
  readonly #connection: BrokerConnection;
  #timer: NodeJS.Timeout | undefined;
  /** When the broker was last heard: until then it would have told of a death. */
  #brokerHeardMs = 0;
  /** As of the last scrape. */
  #vouchedMs = 0;

  constructor(source: SparkplugSource, { config, clock, log }: ExporterSetup) {
    const { max_devices: maxDevices, forget_after: forgetAfterMs, state_file: file } = config.devices;
    this.#source = source;
    this.#clock = clock;
    this.target = source.name;
    this.#refusals = new Refusals(source.target ?? source.name, source.name, log);
    const devices = new DeviceRegister<SparkplugDevice>({
      maxDevices,
      forgetAfterMs,
      onForgotten: (device) => this.#host.forget(device),
    });
    this.#devices = devices;
    this.#rebirths = new RebirthRequests({
      enabled: source.rebirth,
      intervalMs: source.rebirth_interval,
      send: ({ group, id }) => this.#connection.publish(commandTopic(group, id), rebirthCommand(clock.now())),
    });
    this.#host = new SparkplugHost({ source, devices, rebirths: this.#rebirths, refusals: this.#refusals });
    this.#memory = new DeviceMemory({
      file,
      source: `sparkplug ${source.name}`,
      register: devices,
      restore: (saved) => this.#host.restore(saved),
      vouchedMs: () => this.#vouchedMs,
      log,
    });
    this.#connection = new BrokerConnection(source, topicFilters(source.groups), this.#listener(), clock);
  }

  #listener() {
    return {
      connected: () => this.#host.connected(),
      message: (topic: string, payload: Uint8Array) => this.#host.receive(topic, payload, this.#clock.now()),
      heard: () => {
        this.#brokerHeardMs = this.#clock.now();
      },
    };
  }

  async collect(run: ScrapeRun): Promise<Collected> {
    await run.step('read the devices known before the last restart', () => this.#memory.loaded());
    await run.step(`be connected to ${this.#source.broker}`, () => this.#firstTry(run));
    const vouchedMs = this.#brokerHeardMs;
    const nowMs = this.#clock.now();
    const current = this.#devices.current(nowMs, (device) => this.#refresh(device, vouchedMs));
    const samples = await deviceSamples(current, [
      (device) => device.heartbeatSample(),
      (device) => device.stateSample(device.stateAt(nowMs)),
      (device) => device.deathsSample(),
      (device) => device.gapsSample(),
    ]);
    this.#vouchedMs = vouchedMs;
    const { trouble } = this.#connection;
    const failure = trouble === undefined ? {} : { failure: new Error(trouble) };
    return { samples: samples.concat(this.#refusals.samples()), ...failure };
  }

  /** The first scrape waits for the connection as long as it can; later ones find it, or why it is not there. */
  async #firstTry(run: ScrapeRun): Promise<void> {
    this.#timer ??= setInterval(() => this.#tick(), tickMs).unref();
    const over = new AbortController();
    const patience = this.#clock
      .sleep(Math.max(0, run.remainingMs() - reserveMs), over.signal)
      .catch(() => {});
    await Promise.race([this.#connection.firstTry(), patience]);
    over.abort();
  }

  #tick(): void {
    const nowMs = this.#clock.now();
    this.#host.tick(nowMs);
    if (this.#connection.trouble === undefined) this.#rebirths.tick(nowMs);
  }

  /** A device whose session stands was heard when the broker was. */
  #refresh(device: SparkplugDevice, vouchedMs: number): void {
    const isVouched = this.#source.heartbeat === 'session' && this.#host.isVouched(device);
    if (isVouched) device.heardMs = Math.max(device.heardMs, vouchedMs);
    if (isVouched === device.isVouched) return;
    device.isVouched = isVouched;
    this.#devices.unsaved.add(device);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#connection[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
  }
}
