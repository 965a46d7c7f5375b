import type { TargetOf } from '../../kit/targets.ts';
import { MysqlCollectorSession } from './mysql-session.ts';
import { PostgresCollectorSession } from './postgres-session.ts';
import type { DatabaseSession } from './session.ts';

/** A target that is a database, of whichever engine. */
export type DatabaseTarget = TargetOf<'postgres'> | TargetOf<'mysql'>;

/**
 * The connections of the exporter to databases: two for a target and no more. The first is for locks alone, so that nothing
 * which waits for a lock can hide it; all other collectors of the target share the second.
 */
export class DatabaseSessions implements Disposable {
  readonly #open = new Map<string, DatabaseSession>();

  forLocks(name: string, target: DatabaseTarget): DatabaseSession {
    return this.#of(`locks ${name}`, target);
  }

  shared(name: string, target: DatabaseTarget): DatabaseSession {
    return this.#of(`shared ${name}`, target);
  }

  #of(key: string, target: DatabaseTarget): DatabaseSession {
    const session = this.#open.get(key) ?? sessionOf(target);
    this.#open.set(key, session);
    return session;
  }

  [Symbol.dispose](): void {
    for (const session of this.#open.values()) session[Symbol.dispose]();
  }
}

function sessionOf(target: DatabaseTarget): DatabaseSession {
  switch (target.kind) {
    case 'postgres':
      return new PostgresCollectorSession(target.url);
    case 'mysql':
      return new MysqlCollectorSession(target.url);
  }
}
