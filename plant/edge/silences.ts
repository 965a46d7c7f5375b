import { type Clock, isoTime } from '../../kit/clock.ts';
import { type LeaseAnswer, refusal } from '../lease-refusal.ts';

/** A wish to make devices silent, or to keep them so. */
export interface SilenceWish {
  /** Who asks; a device is silent for one holder at a time. */
  holder: string;
  /** The silence ends by itself when it is not asked for again within this time. */
  leaseMs: number;
  /** Only prolong: a silence that has ended meanwhile is not made again. */
  renew?: boolean | undefined;
}

interface Silence {
  holder: string;
  expiresAt: number;
  devices: readonly string[];
  suppressed: number;
}

interface EndedSilence {
  holder: string;
  by: string;
  at: number;
  suppressed: number;
}

/** Devices whose signs of life the gateway keeps to itself for a while, as if they had fallen silent. By name, or many by `L1-*`. */
export class Silences {
  readonly #devices: readonly string[];
  readonly #clock: Clock;
  readonly #held = new Map<string, Silence>();
  readonly #ended = new Map<string, EndedSilence>();

  constructor(devices: readonly string[], clock: Clock) {
    this.#devices = devices;
    this.#clock = clock;
  }

  /** The devices that a name means; none when there is no such device. */
  named(name: string): string[] {
    const begin = name.endsWith('*') ? name.slice(0, -1) : undefined;
    return this.#devices.filter((id) => (begin === undefined ? id === name : id.startsWith(begin)));
  }

  silence(name: string, { holder, leaseMs, renew }: SilenceWish): LeaseAnswer<'device.held' | 'device.gone'> {
    this.#expire();
    const devices = this.named(name);
    const other = [...this.#held].find(
      ([known, held]) =>
        (known !== name || held.holder !== holder) && held.devices.some((id) => devices.includes(id)),
    );
    if (other) return refusal('device.held', `${other[0]} is silent for ${other[1].holder} already`);
    const own = this.#held.get(name);
    if (renew && !own) {
      const ended = this.#ended.get(name);
      const endedBy = ended?.holder === holder ? ended.by : undefined;
      return refusal('device.gone', `${name} is silent for ${holder} no more`, endedBy);
    }
    const expiresAt = this.#clock.now() + leaseMs;
    if (own) own.expiresAt = expiresAt;
    else this.#held.set(name, { holder, expiresAt, devices, suppressed: 0 });
    return { ok: true };
  }

  /** Ends a silence of this holder, or of anybody when none is named. */
  lift(name: string, holder: string | undefined, by: string): void {
    this.#expire();
    const held = this.#held.get(name);
    if (held && (holder === undefined || held.holder === holder)) this.#end(name, held, by);
  }

  /** Of these devices those that are heard; what is kept back of the others is counted. */
  heard(devices: readonly string[]): string[] {
    this.#expire();
    return devices.filter((id) => {
      const held = [...this.#held.values()].find((silence) => silence.devices.includes(id));
      if (held) held.suppressed++;
      return !held;
    });
  }

  describe(name: string): object {
    this.#expire();
    const held = this.#held.get(name);
    const ended = this.#ended.get(name);
    return {
      devices: this.named(name),
      silenced: held ? { holder: held.holder, expiresAt: isoTime(held.expiresAt) } : null,
      suppressed: held?.suppressed ?? 0,
      lastSilence: ended ? { ...ended, at: isoTime(ended.at) } : null,
    };
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [name, held] of this.#held) if (held.expiresAt <= now) this.#end(name, held, 'lease');
  }

  #end(name: string, { holder, suppressed }: Silence, by: string): void {
    this.#held.delete(name);
    this.#ended.set(name, { holder, by, at: this.#clock.now(), suppressed });
  }
}
