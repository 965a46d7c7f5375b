import { UnavailableError } from '../../../kit/errors.ts';
import type { DrillSession } from '../db/drill-session.ts';
import type { ReadOnlySwitch, Witness } from './switch.ts';

const stateQuery = `
  SELECT current_setting('is_superuser') = 'on' AS superuser, pg_is_in_recovery() AS standby,
         setting = 'on' AS read_only, sourcefile LIKE '%postgresql.auto.conf' AS by_alter_system,
         current_setting('allow_alter_system', true) IS DISTINCT FROM 'off' AS may_be_set
  FROM pg_settings WHERE name = 'default_transaction_read_only'`;

/** The file itself: what stands there counts from the next reload on, whatever is in force now. */
const fileQuery = `
  SELECT setting FROM pg_file_settings
  WHERE name = 'default_transaction_read_only' AND sourcefile LIKE '%postgresql.auto.conf'`;

interface State {
  superuser: boolean;
  standby: boolean;
  read_only: boolean;
  by_alter_system: boolean | null;
  may_be_set: boolean;
}

/** PostgreSQL: every session reads its settings again when it is next idle, so pools that are open are bound as well. */
export const postgresSwitch: ReadOnlySwitch = {
  effects: [
    'ALTER SYSTEM SET default_transaction_read_only = on, and a reload: whatever would write fails (SQLSTATE 25006), in open sessions too',
    'sessions, roles and databases that set it themselves, and transactions that have begun, go on writing',
  ],
  undo: (target) => ({ kind: 'postgres.writable', target }),
  async demand(session, target) {
    const [state] = await session.query<State>(stateQuery);
    const refuse = (code: string, why: string, mend: string) => {
      throw new UnavailableError(`db-read-only.${code}`, `${target} ${why}`, { mend });
    };
    if (!state?.superuser)
      refuse('no-right', 'lets only a superuser change its settings', 'Use a superuser in admin_url.');
    if (state?.standby)
      refuse('standby', 'is a standby: nobody can write there anyway', 'Name the primary server.');
    if (state?.read_only)
      refuse('already', 'is read-only already', 'Find out why: SHOW default_transaction_read_only.');
    if (!state?.may_be_set)
      refuse('no-alter-system', 'does not allow ALTER SYSTEM', 'Set allow_alter_system = on for the drill.');
    if (state?.by_alter_system || (await session.query(fileQuery)).length > 0)
      refuse(
        'in-use',
        'has default_transaction_read_only set by ALTER SYSTEM, which the undo would take away',
        'Move it to postgresql.conf: ALTER SYSTEM RESET default_transaction_read_only.',
      );
  },
  async turnOn(session) {
    // One by one: ALTER SYSTEM refuses to be part of a transaction.
    await session.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await session.query('SELECT pg_reload_conf()');
  },
  async isOn(session) {
    const [row] = await session.query<{ on_now: boolean }>(
      "SELECT current_setting('default_transaction_read_only') = 'on' AS on_now",
    );
    return row?.on_now === true;
  },
  async witness(session) {
    const rows = await session.query<{ session: string }>(rollingBackQuery);
    return new RefusedSessions(rows.map((row) => row.session));
  },
};

const others = `backend_type = 'client backend' AND application_name !~ '^andon[ -]' AND datname IS NOT NULL`;
const identity = `pid || ' since ' || backend_start`;
const rolledBack = `query ~* '^\\s*(rollback|abort)'`;

/** Pools and drivers that roll back after every piece of work do so on any day. */
const rollingBackQuery = `
  SELECT ${identity} AS session FROM pg_stat_activity WHERE ${others} AND state = 'idle' AND ${rolledBack}`;

/**
 * The last statement of a session, begun after the server became read-only: it would have written, its transaction has failed,
 * or it was rolled back where that was no habit.
 */
const refusedQuery = `
  SELECT ${identity} AS session FROM pg_stat_activity
  WHERE ${others} AND query_start > $1::timestamptz
    AND (state = 'idle in transaction (aborted)'
      OR state = 'idle' AND query ~* '\\m(insert|update|delete|merge|truncate|create|alter|drop|nextval)\\M'
      OR state = 'idle' AND ${rolledBack} AND ${identity} <> ALL ($2))`;

/** Counts the sessions that were ever seen after a refusal. PostgreSQL has no counter for it. */
class RefusedSessions implements Witness {
  readonly #habitual: readonly string[];
  readonly #seen = new Set<string>();
  /** The server's own time when it was first seen read-only. */
  #since: string | undefined;

  constructor(habitual: readonly string[]) {
    this.#habitual = habitual;
  }

  async look(session: DrillSession): Promise<number> {
    this.#since ??= (await session.query<{ now: string }>('SELECT clock_timestamp()::text AS now'))[0]?.now;
    const values = [this.#since, this.#habitual];
    for (const { session: refused } of await session.query<{ session: string }>(refusedQuery, values))
      this.#seen.add(refused);
    return this.#seen.size;
  }
}
