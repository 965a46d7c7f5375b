import { messageOf, UnavailableError } from '../../../kit/errors.ts';
import type { DrillSession } from '../db/drill-session.ts';
import type { ReadOnlySwitch, Witness } from './switch.ts';

/** MySQL and MariaDB: `read_only` binds everybody at once except administrators, and ends with the server. */
export const mysqlSwitch: ReadOnlySwitch = {
  effects: [
    'SET GLOBAL read_only = ON: whatever would write fails (error 1290), in open sessions too, and so does a COMMIT of what was written',
    'users with SUPER (MySQL, MariaDB before 10.11), READ_ONLY ADMIN or CONNECTION_ADMIN and replication go on writing',
  ],
  undo: (target) => ({ kind: 'mysql.writable', target }),
  async demand(session, target) {
    if (await mysqlSwitch.isOn(session))
      throw new UnavailableError('db-read-only.already', `${target} is read-only already`, {
        mend: 'Name the primary server; on a replica nobody writes anyway.',
      });
    let replication: readonly unknown[];
    try {
      // The value that it has: this changes nothing, and is refused where the right is missing.
      await session.query('SET GLOBAL read_only = OFF');
      replication = await session
        .query('SHOW SLAVE STATUS')
        .catch(() => session.query('SHOW REPLICA STATUS'));
    } catch (cause) {
      throw new UnavailableError('db-read-only.no-right', `${target}: ${messageOf(cause)}`, {
        mend: 'GRANT READ_ONLY ADMIN, SLAVE MONITOR (MariaDB) or SYSTEM_VARIABLES_ADMIN, REPLICATION CLIENT (MySQL) ON *.* to the user of admin_url.',
        cause,
      });
    }
    if (replication.length > 0)
      throw new UnavailableError('db-read-only.replica', `${target} is a replica`, {
        mend: 'Name the primary server: the undo would make a replica writable.',
      });
  },
  async turnOn(session) {
    await session.query('SET GLOBAL read_only = ON');
  },
  async isOn(session) {
    // A number, and a word from MariaDB 12 on.
    const [row] = await session.query<{ now: string }>('SELECT CAST(@@GLOBAL.read_only AS CHAR) AS now');
    return row?.now !== '0' && row?.now !== 'OFF';
  },
  async witness(session) {
    return new RefusedStatements(await refusedSoFar(session));
  },
};

interface Status {
  Variable_name: string;
  Value: string;
}

const statusQuery = `SHOW GLOBAL STATUS WHERE Variable_name = 'Questions' OR Variable_name LIKE 'Com\\_%'`;
/** These count on top of the statement that they prepare or carry out, or are no question. */
const notStatements = /^Com_(stmt_|admin_commands)/;

/**
 * A refused statement is a question that was never counted as a statement of any kind: the server says no before it counts.
 * So is one with a mistake in it, which the statements of a system in service do not have.
 */
async function refusedSoFar(session: DrillSession): Promise<number> {
  const status = await session.query<Status>(statusQuery);
  const sum = (chosen: (name: string) => boolean) =>
    status
      .filter(({ Variable_name: name }) => chosen(name))
      .reduce((total, { Value }) => total + Number(Value), 0);
  return (
    sum((name) => name === 'Questions') - sum((name) => name.startsWith('Com_') && !notStatements.test(name))
  );
}

/** Counts refused statements from two readings of the server's own counters. */
class RefusedStatements implements Witness {
  readonly #before: number;
  #most = 0;

  constructor(before: number) {
    this.#before = before;
  }

  async look(session: DrillSession): Promise<number> {
    // Statements inside procedures count as statements but not as questions: what was once seen stays.
    this.#most = Math.max(this.#most, (await refusedSoFar(session)) - this.#before);
    return this.#most;
  }
}
