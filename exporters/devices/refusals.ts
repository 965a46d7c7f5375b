import type { Log } from '../../kit/log.ts';
import { metrics } from '../catalogue.ts';
import { type Sample, sample } from '../sample.ts';

/** Why something that a device sent was not taken. */
const reasons = ['malformed', 'device_limit'] as const;
export type RefusalReason = (typeof reasons)[number];

/** Counts what was refused, and says it once for each reason: a device that sends rubbish does so every second. */
export class Refusals {
  readonly #log: Log;
  readonly #labels: { target: string; source: string };
  readonly #counts = new Map<RefusalReason, number>(reasons.map((reason) => [reason, 0]));

  constructor(target: string, source: string, log: Log) {
    this.#labels = { target, source };
    this.#log = log.child({ source });
  }

  refuse(reason: RefusalReason, what: Record<string, unknown>): void {
    const count = this.#counts.get(reason) ?? 0;
    this.#counts.set(reason, count + 1);
    if (count === 0)
      this.#log.warn({ ...what, reason }, `${sentences[reason]}; further ones are only counted`);
  }

  samples(): Sample[] {
    return [...this.#counts].map(([reason, count]) =>
      sample(metrics.deviceMessagesRefused, { ...this.#labels, reason }, count),
    );
  }
}

const sentences: Record<RefusalReason, string> = {
  malformed: 'a message of a device could not be read',
  device_limit: 'a device is not stored because max_devices of exporter: devices: is reached',
};
