import { z } from 'zod';
import type { Sqlite } from '../kit/sqlite.ts';

const row = z.object({ key: z.string(), body: z.string(), attempts: z.number(), createdAt: z.number() });

/** A message to people that is to be delivered: its body as JSON. */
export type Message = z.output<typeof row>;

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

  /** What is to be delivered now, oldest first. */
  due(now: number, limit = 20): Message[] {
    const rows = this.#database
      .prepare(
        `SELECT key, body, attempts, created_at AS createdAt FROM messages WHERE sent_at IS NULL AND next_at <= ?
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
