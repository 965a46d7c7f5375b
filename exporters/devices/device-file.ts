import { inTransaction, openSqlite, type Sqlite } from '../../kit/sqlite.ts';
import type { DeviceState } from './device-state.ts';
import type { SavedDevice } from './reported-device.ts';

interface DeviceRow {
  key: string;
  heard_ms: number;
  state: DeviceState | null;
  alive: number;
  vouched: number;
  bd_seq: number | null;
}

const schema = `
CREATE TABLE IF NOT EXISTS devices (source TEXT NOT NULL, key TEXT NOT NULL, heard_ms REAL NOT NULL, state TEXT,
  alive INTEGER NOT NULL, vouched INTEGER NOT NULL, bd_seq INTEGER, PRIMARY KEY (source, key)) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS sources (source TEXT NOT NULL PRIMARY KEY, vouched_ms REAL NOT NULL) STRICT`;

/** The devices of one source in the file that survives the exporter. */
export class DeviceFile implements Disposable {
  readonly #database: Sqlite;
  readonly #source: string;

  constructor(file: string, source: string) {
    this.#source = source;
    this.#database = openSqlite(file);
    // A power cut may cost the last seconds, never the file: a heartbeat is not worth a wait for the disk.
    this.#database.exec('PRAGMA synchronous = NORMAL');
    this.#database.exec(schema);
  }

  /** All devices. Who was vouched for counts as heard when the file was last written. */
  *load(): Generator<SavedDevice> {
    const vouched = this.#database.prepare('SELECT vouched_ms FROM sources WHERE source = ?');
    const { vouched_ms = 0 } = (vouched.get(this.#source) ?? {}) as { vouched_ms?: number };
    const rows = this.#database.prepare('SELECT * FROM devices WHERE source = ?').iterate(this.#source);
    for (const row of rows as Iterable<unknown> as Iterable<DeviceRow>) {
      const isVouched = row.vouched === 1;
      yield {
        key: row.key,
        heardMs: isVouched ? Math.max(row.heard_ms, vouched_ms) : row.heard_ms,
        state: row.state ?? undefined,
        isAlive: row.alive === 1,
        isVouched,
        bdSeq: row.bd_seq ?? undefined,
      };
    }
  }

  /** Writes some devices: all of these or none. */
  save(devices: readonly SavedDevice[]): void {
    const upsert = this.#database.prepare(
      'INSERT OR REPLACE INTO devices (source, key, heard_ms, state, alive, vouched, bd_seq) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    inTransaction(this.#database, () => {
      for (const { key, heardMs, state = null, isAlive, isVouched, bdSeq = null } of devices)
        upsert.run(this.#source, key, heardMs, state, Number(isAlive), Number(isVouched), bdSeq);
    });
  }

  forget(keys: Iterable<string>): void {
    const remove = this.#database.prepare('DELETE FROM devices WHERE source = ? AND key = ?');
    inTransaction(this.#database, () => {
      for (const key of keys) remove.run(this.#source, key);
    });
  }

  /** Until when those vouched for were heard. */
  vouchedUntil(ms: number): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO sources (source, vouched_ms) VALUES (?, ?)')
      .run(this.#source, ms);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
