import { isoTime } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import type { NotifiedAlert } from './message.ts';
import type { NotifyStore } from './store.ts';

/** When silence is alarming, and for whom. */
export interface HeartbeatSettings {
  /** The alert that always fires. */
  readonly alert: string;
  readonly silentAfterMs: number;
  /** Nobody: then nothing is watched. */
  readonly receivers: readonly string[];
}

/** A process that has not looked for so long stood still itself (a suspended machine): that is no silence of the others. */
const standstillMs = 15_000;

const fingerprint = 'andon-heartbeat';

/** Raises the alarm when the Watchdog stops arriving, once, and says when it is back. */
export class Heartbeat {
  readonly #store: NotifyStore;
  readonly #settings: HeartbeatSettings;
  #listeningSince: number;
  #lastLook: number;

  constructor(store: NotifyStore, settings: HeartbeatSettings, now: number) {
    this.#store = store;
    this.#settings = settings;
    this.#listeningSince = now;
    this.#lastLook = now;
  }

  /** Call it every second or so. */
  look(now: number): void {
    if (now - this.#lastLook > standstillMs) this.#listeningSince = now;
    this.#lastLook = now;
    if (this.#settings.receivers.length === 0) return;
    const { facts } = this.#store;
    const last = this.#lastHeartbeat(now);
    const lost = facts.get('heartbeat-lost');
    if (lost === undefined && now >= this.#alarmAt(last)) this.#tellLost(last, now);
    else if (lost !== undefined && last !== undefined && last > lost) this.#tellBack(lost, last, now);
  }

  /** One of the future is of a clock that has been put back since. */
  #lastHeartbeat(now: number): number | undefined {
    const { facts } = this.#store;
    const last = facts.get('last-heartbeat');
    if (last === undefined || last <= now) return last;
    facts.set('last-heartbeat', now);
    return now;
  }

  /** While this process did not listen nothing could arrive: it waits at least half the time after it has begun to. */
  #alarmAt(last: number | undefined): number {
    const { silentAfterMs } = this.#settings;
    if (last === undefined) return this.#listeningSince + silentAfterMs;
    return Math.max(last + silentAfterMs, this.#listeningSince + silentAfterMs / 2);
  }

  #tellLost(last: number | undefined, now: number): void {
    const store = this.#store;
    store.transaction(() => {
      store.facts.set('heartbeat-lost', now);
      const { id } = store.occurrences.note(this.#alert('firing', last, now), 'A', now, 'heartbeat');
      for (const receiver of this.#settings.receivers)
        store.deliveries.add({ receiver, occurrence: id, tier: 'A', event: 'heartbeat-lost' }, now);
    });
  }

  #tellBack(lost: number, last: number, now: number): void {
    const store = this.#store;
    store.transaction(() => {
      store.facts.forget('heartbeat-lost');
      const ended = { ...this.#alert('resolved', last, lost), endsAt: isoTime(last) };
      const { id } = store.occurrences.note(ended, 'A', now, 'heartbeat');
      for (const receiver of store.deliveries.receiversOf(id))
        store.deliveries.add({ receiver, occurrence: id, tier: 'A', event: 'heartbeat-back' }, now);
    });
  }

  #alert(status: NotifiedAlert['status'], last: number | undefined, raisedAt: number): NotifiedAlert {
    const { alert, silentAfterMs } = this.#settings;
    const since = last === undefined ? 'It has never arrived' : `It last arrived at ${isoTime(last)}`;
    return {
      fingerprint,
      startsAt: isoTime(raisedAt),
      status,
      labels: { alertname: 'HeartbeatLost', tier: 'A', severity: 'critical' },
      annotations:
        status === 'resolved'
          ? { summary: 'Alerts arrive again', description: `${alert} arrives again.` }
          : {
              summary: 'Alerts no longer arrive: nobody would be told of an outage now',
              description:
                `The alert ${alert} has not arrived for ${promDuration(silentAfterMs)}. ${since}. Look whether Prometheus and ` +
                'Alertmanager run, whether Alertmanager reaches this notifier with the right token, and whether it repeats ' +
                `${alert} often enough (alerts.receivers[].heartbeat in andon.yaml).`,
            },
    };
  }
}
