import type { ReportedDevice } from './reported-device.ts';

/** A heartbeat is written to the file when that there is older than this; a state at once. */
const saveHeartbeatAfterMs = 15_000;

export interface RegisterOptions<D> {
  /** The most devices that are stored. */
  maxDevices: number;
  /** Who was not heard for so long is forgotten. */
  forgetAfterMs: number;
  /** Called for each that is forgotten. */
  onForgotten?: (device: D) => void;
}

/** The devices of one way of reporting: so many and no more, each until it was silent for too long. */
export class DeviceRegister<D extends ReportedDevice> {
  /** What the file does not know yet. */
  readonly unsaved = new Set<D>();
  /** Keys of those forgotten that still stand in the file. */
  readonly forgotten = new Set<string>();
  readonly #options: RegisterOptions<D>;
  readonly #devices = new Map<string, D>();

  constructor(options: RegisterOptions<D>) {
    this.#options = options;
  }

  get size(): number {
    return this.#devices.size;
  }

  get(key: string): D | undefined {
    return this.#devices.get(key);
  }

  /** Every device, however old. */
  all(): Iterable<D> {
    return this.#devices.values();
  }

  /** Stores a new device; false when there are too many already. */
  add(device: D): boolean {
    if (this.#devices.size >= this.#options.maxDevices) return false;
    this.#devices.set(device.key, device);
    this.forgotten.delete(device.key);
    this.unsaved.add(device);
    return true;
  }

  /** Notes that a device was heard; never earlier than what is known. */
  heard(device: D, atMs: number): void {
    if (atMs <= device.heardMs) return;
    device.heardMs = atMs;
    if (atMs - device.savedMs >= saveHeartbeatAfterMs) this.unsaved.add(device);
  }

  /** Those which are not too old at this moment; the others are forgotten on the way. `refresh` comes before that decision. */
  *current(nowMs: number, refresh: (device: D) => void = () => {}): Generator<D> {
    for (const device of this.#devices.values()) {
      refresh(device);
      if (nowMs - device.heardMs <= this.#options.forgetAfterMs) yield device;
      else this.#forget(device);
    }
  }

  #forget(device: D): void {
    this.#devices.delete(device.key);
    this.unsaved.delete(device);
    this.forgotten.add(device.key);
    this.#options.onForgotten?.(device);
  }
}
