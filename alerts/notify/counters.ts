import type { Sqlite } from '../../kit/sqlite.ts';

/** Totals that survive a restart, so that what is counted at a crash is not lost with the process. */
export const counterNames = [
  'notices',
  'omitted',
  'unrouted',
  'delivered',
  'messages',
  'failed',
  'buried',
  'possibly-twice',
  'escalated',
] as const;
export type CounterName = (typeof counterNames)[number];

/** Counters in the store; `label` is a receiver, a tier or a status. */
export class Counters {
  readonly #add;
  readonly #all;

  constructor(database: Sqlite) {
    this.#add = database.prepare(
      'INSERT INTO counters (name, label, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value',
    );
    this.#all = database.prepare('SELECT label, value FROM counters WHERE name = ?');
  }

  add(name: CounterName, label: string, by = 1): void {
    if (by > 0) this.#add.run(name, label, by);
  }

  /** By label. */
  of(name: CounterName): Map<string, number> {
    return new Map(this.#all.all(name).map(({ label, value }) => [String(label), Number(value)]));
  }
}
