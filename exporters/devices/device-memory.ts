import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { DeviceFile } from './device-file.ts';
import type { DeviceRegister } from './device-register.ts';
import type { ReportedDevice, SavedDevice } from './reported-device.ts';

const flushEveryMs = 5000;
/** So many devices are read or written before others get their turn: a few milliseconds. */
const devicesAtATime = 500;

export interface DeviceMemoryOptions<D extends ReportedDevice> {
  file: string;
  /** Several sources share one file. */
  source: string;
  register: DeviceRegister<D>;
  /** Puts a device of the file back into the register; undefined where there is no room for it. */
  restore: (saved: SavedDevice) => D | undefined;
  /** Until when the devices that are vouched for counted as heard; 0 where nobody vouches. */
  vouchedMs: () => number;
  log: Log;
}

/**
 * Keeps a register over restarts of the exporter: read before the first scrape, written every few seconds and at the end.
 * A file that cannot be had is said once in the log, and the exporter goes on without.
 */
export class DeviceMemory<D extends ReportedDevice> implements Disposable {
  readonly #options: DeviceMemoryOptions<D>;
  #loaded: Promise<void> | undefined;
  #file: DeviceFile | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #isDisposed = false;

  constructor(options: DeviceMemoryOptions<D>) {
    this.#options = options;
  }

  /** Resolves when what was known before the last restart is known again. */
  loaded(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  async #load(): Promise<void> {
    const { file, source } = this.#options;
    try {
      this.#file = new DeviceFile(file, source);
      let count = 0;
      for (const saved of this.#file.load()) {
        this.#restore(saved);
        count += 1;
        if (count % devicesAtATime === 0) await setImmediate();
        if (this.#isDisposed) return;
      }
    } catch (error) {
      this.#giveUp(error);
    }
    this.#timer = setInterval(() => void this.flush(), flushEveryMs).unref();
  }

  #restore(saved: SavedDevice): void {
    const { register, restore } = this.#options;
    const device = restore(saved);
    if (device === undefined) return;
    device.savedMs = saved.heardMs;
    // Who was vouched for is not any more until it is heard again: that must stand in the file as well.
    if (!saved.isVouched) register.unsaved.delete(device);
  }

  /** Writes what has changed. */
  async flush(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      for (const write of this.#pieces()) {
        write();
        await setImmediate();
        if (this.#isDisposed) return;
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#isWriting = false;
    }
  }

  *#pieces(): Generator<() => void> {
    const { register, vouchedMs } = this.#options;
    const file = this.#file;
    if (file === undefined) {
      register.unsaved.clear();
      register.forgotten.clear();
      return;
    }
    yield () => {
      file.forget(register.forgotten);
      register.forgotten.clear();
    };
    while (register.unsaved.size > 0) yield () => this.#save(file, register);
    yield () => file.vouchedUntil(vouchedMs());
  }

  #save(file: DeviceFile, { unsaved }: DeviceRegister<D>): void {
    const some = [...unsaved.values().take(devicesAtATime)];
    for (const device of some) {
      unsaved.delete(device);
      device.savedMs = device.heardMs;
    }
    file.save(some.map((device) => device.toSaved()));
  }

  #giveUp(error: unknown): void {
    const { file, log } = this.#options;
    log.warn(
      { reason: messageOf(error), file },
      'devices are not kept over a restart: make the file of exporter: devices: state_file: writable, or remove a broken one',
    );
    this.#close();
  }

  #close(): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    clearInterval(this.#timer);
    const { register } = this.#options;
    try {
      for (const device of register.all())
        if (device.heardMs !== device.savedMs) register.unsaved.add(device);
      for (const write of this.#pieces()) write();
      this.#close();
    } catch (error) {
      this.#giveUp(error);
    }
  }
}
