import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { openSqlite } from '../../kit/sqlite.ts';

/** Makes sure that one process at a time sends from a store. The kernel frees the lock when the process ends, however it ends. */
export function lockForServing(store: string): Disposable {
  const file = `${store}.serving`;
  const lock = openSqlite(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  } catch (cause) {
    lock.close();
    throw new UnavailableError(
      'notify.already-serving',
      `another andon notify serve works with ${store} (${messageOf(cause)})`,
      { mend: 'End it first, or give this one another file under notify: store:.', cause },
    );
  }
  return { [Symbol.dispose]: () => lock.close() };
}
