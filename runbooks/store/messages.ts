import { z } from 'zod';
import type { Sqlite } from '../../kit/sqlite.ts';

const row = z.object({ key: z.string(), body: z.string(), attempts: z.number(), createdAt: z.number() });

/** A message to people that is to be delivered: its body as JSON. */
export type Message = z.output<typeof row>;

const columns = 'key, body, attempts, created_at AS createdAt';

/** Messages to people, on the disk until they are taken. */
export class Messages {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** The same key again adds nothing. */
  add(key: string, runId: number, body: unknown, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        'INSERT INTO messages (key, run_id, body, created_at, next_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .run(key, runId, JSON.stringify(body), now, now);
    return changes === 1;
  }

  /** That what a message told of is over: once, and only where there is such a message. */
  addOver(key: string, now: number): void {
    this.#database
      .prepare(
        `INSERT INTO messages (key, run_id, body, created_at, next_at)
         SELECT key || '-over', run_id, json_object('over', key, 'at', ?1), ?1, ?1 FROM messages WHERE key = ?2
         ON CONFLICT DO NOTHING`,
      )
      .run(now, key);
  }

  get(key: string): Message | undefined {
    const found = this.#database.prepare(`SELECT ${columns} FROM messages WHERE key = ?`).get(key);
    return found === undefined ? undefined : row.parse(found);
  }

  /** When the next one is to be delivered. */
  nextAt(): number | undefined {
    const found = this.#database
      .prepare('SELECT min(next_at) AS at FROM messages WHERE sent_at IS NULL')
      .get();
    return typeof found?.at === 'number' ? found.at : undefined;
  }

  /** What is to be delivered now, oldest first. */
  due(now: number, limit = 20): Message[] {
    const rows = this.#database
      .prepare(
        `SELECT ${columns} FROM messages WHERE sent_at IS NULL AND next_at <= ?
         ORDER BY created_at LIMIT ?`,
      )
      .all(now, limit);
    return rows.map((found) => row.parse(found));
  }

  sent(key: string, now: number): void {
    this.#database.prepare('UPDATE messages SET sent_at = ?, problem = NULL WHERE key = ?').run(now, key);
  }

  failed(key: string, problem: string, nextAt: number): void {
    this.#database
      .prepare('UPDATE messages SET attempts = attempts + 1, problem = ?, next_at = ? WHERE key = ?')
      .run(problem, nextAt, key);
  }
}
