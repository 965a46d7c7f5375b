import type { Clock } from '../../../kit/clock.ts';
import { silentLog } from '../../../kit/log.ts';
import { Heartbeat } from '../heartbeat.ts';
import { type IntakeDeps, storeNotification } from '../intake.ts';
import { addresseesOf, routeSchema } from '../routes.ts';
import { Sender } from '../sender.ts';
import { NotifyStore } from '../store.ts';
import { Timekeeper } from '../timekeeper.ts';
import { webhookBody } from '../webhook-body.ts';
import type { RecordingContact } from './recording-contact.ts';

export interface WorldOptions {
  contacts: readonly RecordingContact[];
  /** As in andon.yaml. */
  routes?: readonly unknown[];
  /** Who hears of a lost heartbeat; nobody when left out. */
  heartbeat?: readonly string[];
  store?: string;
}

const maxAgeMs = 24 * 3_600_000;

/** The notifier without its server, its loops and its real time: a test moves each of them. */
export class NotifyWorld implements Disposable {
  time = Date.parse('2026-01-31T08:00:00.000Z');
  readonly clock: Clock = { now: () => this.time, sleep: () => new Promise(() => {}) };
  readonly #options: WorldOptions;
  readonly #intake: Omit<IntakeDeps, 'store'>;
  store!: NotifyStore;
  #senders: Sender[] = [];
  #timekeeper: Timekeeper | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    const routes = (options.routes ?? []).map((route) => routeSchema.parse(route));
    const names = options.contacts.map(({ name }) => name);
    this.#intake = {
      addressees: (labels, tier) => addresseesOf(routes, names, labels, tier),
      isHeartbeat: ({ labels }) => labels.alertname === 'Watchdog',
    };
    this.#open(new NotifyStore(options.store ?? ':memory:'));
  }

  /** One webhook, as Alertmanager would send it. */
  notify(alerts: readonly Record<string, unknown>[], more: object = {}): void {
    const body = webhookBody.parse({ version: '4', alerts, ...more });
    storeNotification(body, { ...this.#intake, store: this.store }, this.time);
  }

  /** Lets every receiver be sent whatever may be sent now. */
  async send(): Promise<void> {
    for (const sender of this.#senders) while ((await sender.turn()) === true);
  }

  /** One attempt of one receiver, if any may be made now. */
  async turn(receiver: number): Promise<void> {
    await this.#senders[receiver]?.turn();
  }

  /** Time passes, in steps as small as the timekeeper's. */
  async pass(ms: number, stepMs = 1000): Promise<void> {
    for (const end = this.time + ms; this.time < end; ) {
      this.time = Math.min(end, this.time + stepMs);
      this.#timekeeper?.look(this.time);
      await this.send();
    }
  }

  /** The process dies and another takes up its work, on the same store. Needs a file. */
  restart(downMs = 0): number {
    const file = this.#options.store;
    if (file === undefined) throw new Error('only a store in a file survives');
    this.store[Symbol.dispose]();
    this.time += downMs;
    return this.#open(new NotifyStore(file));
  }

  #open(store: NotifyStore): number {
    this.store = store;
    const { clock, time } = this;
    const { contacts, heartbeat = [] } = this.#options;
    const urlOf = (token: string) => `http://notify/ack/${token}`;
    this.#senders = contacts.map((contact) => new Sender({ contact, store, clock, log: silentLog, urlOf }));
    const watch = new Heartbeat(
      store,
      { alert: 'Watchdog', silentAfterMs: 120_000, receivers: heartbeat },
      time,
    );
    const rest = { clock, log: silentLog, maxAgeMs, keepMs: 30 * maxAgeMs, wake: () => {} };
    this.#timekeeper = new Timekeeper({ store, heartbeat: watch, ...rest });
    return store.recover(time);
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }
}

/** An alert as it stands in a webhook. */
export const alertOf = (
  alertname: string,
  { status = 'firing', tier = 'A', start = '08:00:00', labels = {} as Record<string, string>, ...more } = {},
): Record<string, unknown> => ({
  status,
  labels: { alertname, tier, ...labels },
  annotations: { summary: `${alertname} is in trouble` },
  startsAt: `2026-01-31T${start}.000Z`,
  endsAt: status === 'resolved' ? '2026-01-31T09:00:00.000Z' : '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example/graph',
  fingerprint: `fp-${alertname}`,
  ...more,
});
