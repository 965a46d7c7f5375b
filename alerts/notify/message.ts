import type { AlertTier } from '../tiers.ts';

/** One alert as Alertmanager tells it (webhook version 4). Fingerprint and start name one occurrence of it for ever. */
export interface NotifiedAlert {
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly startsAt: string;
  /** ISO 8601, once it is resolved. */
  readonly endsAt?: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The query in Prometheus. */
  readonly generatorUrl?: string;
}

/** Why somebody is told of an alert. `escalated`: nobody has acknowledged it in time, so the next contact is told. */
export type MessageEvent = 'firing' | 'resolved' | 'escalated' | 'heartbeat-lost' | 'heartbeat-back';

export interface MessageItem {
  readonly alert: NotifiedAlert;
  readonly event: MessageEvent;
  readonly tier: AlertTier;
  /** Where a person says "I have it"; only for what waits for that. */
  readonly acknowledgeUrl?: string;
}

/** What one receiver is sent at one time: one alert, or several that came faster than it may be written to. */
export interface Message {
  /** The same for every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  /** Of the most severe item. */
  readonly tier: AlertTier;
  /** At least one; A before B before C, older before newer. */
  readonly items: readonly MessageItem[];
  /** Alerts that Alertmanager itself left out (`truncatedAlerts`). */
  readonly omitted: number;
}
