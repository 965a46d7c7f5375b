import type { Router } from 'express';
import { type Collected, type Collector, collectorTimeoutMs, type ScrapeRun } from '../collector.ts';
import type { PushConfig } from '../devices/config.ts';
import { DeviceMemory } from '../devices/device-memory.ts';
import { deviceSamples } from '../devices/device-samples.ts';
import { addPushRoute } from '../devices/push-route.ts';
import { PushedDevices } from '../devices/pushed-devices.ts';
import { Refusals } from '../devices/refusals.ts';
import type { ReportedDevice } from '../devices/reported-device.ts';
import type { CollectorKind, ExporterSetup } from '../exporter-setup.ts';

/** When each device was last heard that reports over HTTP, and its state. */
export const devicePush: CollectorKind = (setup) => {
  const { push } = setup.config.devices;
  return push === undefined ? [] : [new DevicePushCollector(push, setup)];
};

class DevicePushCollector implements Collector {
  readonly name = 'device_push';
  readonly target: string;
  readonly timeoutMs = collectorTimeoutMs;
  readonly whenSilent = [];
  readonly #setup: ExporterSetup;
  readonly #push: PushConfig;
  readonly #refusals: Refusals;
  readonly #devices: PushedDevices;
  readonly #memory: DeviceMemory<ReportedDevice>;

  constructor(push: PushConfig, setup: ExporterSetup) {
    const { log, config } = setup;
    const { max_devices: maxDevices, forget_after: forgetAfterMs, state_file: file } = config.devices;
    this.#setup = setup;
    this.#push = push;
    this.target = push.target;
    this.#refusals = new Refusals(push.target, 'push', log);
    const devices = new PushedDevices(push.target, { maxDevices, forgetAfterMs }, this.#refusals);
    this.#devices = devices;
    const restore = devices.restore.bind(devices);
    this.#memory = new DeviceMemory({
      file,
      source: 'push',
      register: devices.register,
      restore,
      vouchedMs: () => 0,
      log,
    });
  }

  async collect(run: ScrapeRun): Promise<Collected> {
    await run.step('read the devices known before the last restart', () => this.#memory.loaded());
    const current = this.#devices.register.current(this.#setup.clock.now());
    const kinds = [
      (one: ReportedDevice) => one.heartbeatSample(),
      (one: ReportedDevice) => one.stateSample(),
    ];
    return { samples: (await deviceSamples(current, kinds)).concat(this.#refusals.samples()) };
  }

  routes(router: Router): void {
    if (this.#push.token === undefined) this.#addRoute(router);
  }

  /** Devices have a token of their own: they need not know the password of the scrapes. */
  ownDoor(router: Router): void {
    if (this.#push.token !== undefined) this.#addRoute(router);
  }

  #addRoute(router: Router): void {
    addPushRoute(router, this.#push, {
      take: async (heartbeats) => {
        await this.#memory.loaded();
        return this.#devices.take(heartbeats, this.#setup.clock.now());
      },
      refused: (why) => this.#refusals.refuse('malformed', { why }),
    });
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
  }
}
