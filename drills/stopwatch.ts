import { isoTime } from '../kit/clock.ts';
import type { Delivery } from './deliveries.ts';
import type { EventOf } from './journal.ts';
import type { ActiveAlert } from './prometheus-api.ts';

type Tier = EventOf<'alert'>['tier'];

/** What the stopwatch knows of one alert, Unix milliseconds. */
export interface AlertTimes {
  alert: string;
  tier: Tier;
  pendingAt?: number;
  firingAt?: number;
  deliveredAt?: number;
  resolvedAt?: number;
}

/**
 * The stopwatch on the alerts: fed with what Prometheus says and with what is delivered, it keeps for each alert the first
 * time of each step. Alerts that were already active when it started do not count.
 */
export class Stopwatch {
  readonly #times = new Map<string, AlertTimes>();
  readonly #before: ReadonlySet<string>;
  readonly #startedAt: number;
  readonly #write: (event: EventOf<'alert'>) => void;

  constructor(active: readonly ActiveAlert[], startedAt: number, write: (event: EventOf<'alert'>) => void) {
    this.#before = new Set(active.map(instance));
    this.#startedAt = startedAt;
    this.#write = write;
  }

  /** All alerts that are active now, as Prometheus lists them. */
  observe(active: readonly ActiveAlert[], now: number): void {
    const fresh = active.filter((alert) => !this.#before.has(instance(alert)));
    for (const alert of fresh) {
      const times = this.#of(alert.labels);
      this.#mark(times, 'pendingAt', alert.activeAt);
      if (alert.state === 'firing') this.#mark(times, 'firingAt', now);
    }
    const still = new Set(fresh.map(({ labels }) => key(labels)));
    for (const [id, times] of this.#times) {
      if (times.firingAt !== undefined && !still.has(id)) this.#mark(times, 'resolvedAt', now);
    }
  }

  deliver({ alert, tier, status, startsAt, receivedAt }: Delivery): void {
    if (status !== 'firing' || startsAt < this.#startedAt) return;
    const times = this.#of({ alertname: alert, tier });
    this.#mark(times, 'firingAt', startsAt);
    this.#mark(times, 'deliveredAt', receivedAt);
  }

  /** Every alert seen since the start. */
  all(): AlertTimes[] {
    return [...this.#times.values()];
  }

  of(alert: string, tier: string): AlertTimes | undefined {
    return this.#times.get(key({ alertname: alert, tier }));
  }

  #of(labels: Record<string, string>): AlertTimes {
    const id = key(labels);
    const known = this.#times.get(id);
    if (known) return known;
    const times = { alert: labels.alertname ?? '', tier: tierOf(labels) };
    this.#times.set(id, times);
    return times;
  }

  #mark(times: AlertTimes, step: 'pendingAt' | 'firingAt' | 'deliveredAt' | 'resolvedAt', at: number): void {
    if (times[step] !== undefined) return;
    times[step] = at;
    const transition = step.replace('At', '') as EventOf<'alert'>['transition'];
    this.#write({ type: 'alert', at: isoTime(at), alert: times.alert, tier: times.tier, transition });
  }
}

const key = (labels: Record<string, string>): string => `${labels.alertname}/${labels.tier ?? 'none'}`;
const instance = ({ labels }: ActiveAlert): string => JSON.stringify(Object.entries(labels).toSorted());

function tierOf({ tier }: Record<string, string>): Tier {
  return tier === 'A' || tier === 'B' || tier === 'C' ? tier : 'none';
}
