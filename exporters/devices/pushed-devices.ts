import { DeviceRegister, type RegisterOptions } from './device-register.ts';
import type { Heartbeat } from './heartbeats.ts';
import type { Refusals } from './refusals.ts';
import { ReportedDevice, type SavedDevice } from './reported-device.ts';

// No name holds a control character.
const separator = '\n';

/** The devices that POST their heartbeats. */
export class PushedDevices {
  readonly register: DeviceRegister<ReportedDevice>;
  readonly #target: string;
  readonly #refusals: Refusals;

  constructor(target: string, limits: RegisterOptions<ReportedDevice>, refusals: Refusals) {
    this.#target = target;
    this.register = new DeviceRegister(limits);
    this.#refusals = refusals;
  }

  /** Takes heartbeats; returns how many it could not because there are too many devices. */
  take(heartbeats: readonly Heartbeat[], nowMs: number): number {
    return heartbeats.filter((heartbeat) => !this.#take(heartbeat, nowMs)).length;
  }

  #take({ line, device: name, state, at }: Heartbeat, nowMs: number): boolean {
    // A device whose clock is ahead reports now all the same; a time to come would hide its death until then.
    const heardMs = Math.min(at ?? nowMs, nowMs);
    const key = `${line}${separator}${name}`;
    const known = this.register.get(key);
    const device = known ?? this.#create(key, heardMs);
    if (device === undefined) {
      this.#refusals.refuse('device_limit', { line, device: name });
      return false;
    }
    if (heardMs < device.heardMs) return true;
    this.register.heard(device, heardMs);
    if (state !== undefined && state !== device.state) {
      device.state = state;
      this.register.unsaved.add(device);
    }
    return true;
  }

  restore({ key, heardMs, state }: SavedDevice): ReportedDevice | undefined {
    const device = this.#create(key, heardMs);
    if (device !== undefined) device.state = state;
    return device;
  }

  #create(key: string, heardMs: number): ReportedDevice | undefined {
    const [line = '', name = ''] = key.split(separator);
    const device = new ReportedDevice(key, { target: this.#target, line, device: name }, heardMs);
    return this.register.add(device) ? device : undefined;
  }
}
