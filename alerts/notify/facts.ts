import type { Sqlite } from '../../kit/sqlite.ts';

/** When the last heartbeat came, and the occurrence that says that none comes. */
export type FactName = 'last-heartbeat' | 'heartbeat-lost';

/** Single numbers in the store. */
export class Facts {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  get(name: FactName): number | undefined {
    const value = this.#database.prepare('SELECT value FROM facts WHERE name = ?').get(name)?.value;
    return value === undefined ? undefined : Number(value);
  }

  set(name: FactName, value: number): void {
    this.#database
      .prepare(
        'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      )
      .run(name, value);
  }

  forget(name: FactName): void {
    this.#database.prepare('DELETE FROM facts WHERE name = ?').run(name);
  }
}
