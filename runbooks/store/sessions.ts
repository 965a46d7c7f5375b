import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Sqlite } from '../../kit/sqlite.ts';
import type { Person } from '../people/people.ts';

/** One shift, with its handing over. */
export const sessionMs = 12 * 3_600_000;

const row = z.object({ person: z.string(), binding: z.string(), expiresAt: z.number() });

/** A person who has signed in. */
export interface Session {
  person: Person;
  /** What each form must send back: nobody else's page knows it. */
  csrf: string;
}

/**
 * Who has signed in, on the disk, so that a restart signs nobody out. The cookie holds 256 random bits and the store only their hash:
 * whoever reads the store cannot sign in with it. A session is bound to the person's token: another token, or none, ends it.
 */
export class Sessions {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
    database.exec(
      `CREATE TABLE IF NOT EXISTS sessions (id_hash TEXT PRIMARY KEY, person TEXT NOT NULL, binding TEXT NOT NULL,
         expires_at INTEGER NOT NULL) STRICT`,
    );
  }

  /** Returns what the cookie holds. */
  begin({ name, token }: Pick<Person, 'name' | 'token'>, now: number): string {
    const id = randomBytes(32).toString('base64url');
    this.#database.prepare('DELETE FROM sessions WHERE expires_at <= ?').run(now);
    this.#database
      .prepare('INSERT INTO sessions VALUES (?, ?, ?, ?)')
      .run(sha256(id), name, keyed(id, `token ${token}`), now + sessionMs);
    return id;
  }

  /** The session of a cookie, as long as its person is there with the same token. */
  find(id: string | undefined, people: readonly Person[], now: number): Session | undefined {
    if (id === undefined) return undefined;
    const found = this.#database
      .prepare('SELECT person, binding, expires_at AS expiresAt FROM sessions WHERE id_hash = ?')
      .get(sha256(id));
    if (found === undefined) return undefined;
    const { person: name, binding, expiresAt } = row.parse(found);
    const person = people.find((one) => one.name === name);
    if (!person || expiresAt <= now || !isSame(keyed(id, `token ${person.token}`), binding)) return undefined;
    return { person, csrf: keyed(id, 'csrf') };
  }

  end(id: string): void {
    this.#database.prepare('DELETE FROM sessions WHERE id_hash = ?').run(sha256(id));
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const keyed = (id: string, text: string): string => createHmac('sha256', id).update(text).digest('base64url');

/** Compares without telling by its time how much was right. */
export const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
