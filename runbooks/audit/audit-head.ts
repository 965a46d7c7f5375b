import { z } from 'zod';
import { inTransaction, openSqlite, type Sqlite } from '../../kit/sqlite.ts';
import { type ChainHead, emptyChain } from './audit-chain.ts';

const row = z.object({ seq: z.number(), hash: z.string(), bytes: z.number() });

/** The chain's last line and the length of the file up to its end. */
export interface AuditPosition extends ChainHead {
  bytes: number;
}

/**
 * The end of the chain, kept beside the log: a chain alone does not show that its last lines were cut off. Its write
 * lock is also what keeps two processes from writing the same number.
 */
export class AuditHead implements Disposable {
  readonly #database: Sqlite;

  constructor(auditFile: string) {
    this.#database = openSqlite(headFile(auditFile));
    // The log itself is on the disk first; after a power cut its end is found again from where this stands.
    this.#database.exec('PRAGMA synchronous = NORMAL');
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL,
         hash TEXT NOT NULL, bytes INTEGER NOT NULL) STRICT`,
    );
  }

  get(): AuditPosition {
    const found = this.#database.prepare('SELECT seq, hash, bytes FROM head').get();
    return found === undefined ? { ...emptyChain, bytes: 0 } : row.parse(found);
  }

  /** Moves the end; while `work` runs no other process does. */
  advance(work: (now: AuditPosition) => AuditPosition): void {
    inTransaction(this.#database, () => {
      const { seq, hash, bytes } = work(this.get());
      this.#database
        .prepare(
          `INSERT INTO head VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE
             SET seq = excluded.seq, hash = excluded.hash, bytes = excluded.bytes`,
        )
        .run(seq, hash, bytes);
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

export const headFile = (auditFile: string): string => `${auditFile}.head.sqlite`;
