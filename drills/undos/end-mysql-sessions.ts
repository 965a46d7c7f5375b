import { Socket } from 'node:net';
import type { Connection } from 'mysql2/promise';
import { z } from 'zod';
import { connectMysql } from '../../kit/mysql.ts';
import { mysqlAddress } from '../../kit/mysql-url.ts';
import { waitFor, within } from '../../kit/wait.ts';
import { requireTarget } from '../named-target.ts';
import { adminUrl } from './end-sessions.ts';
import { serverIsGone } from './gone.ts';
import { seatName, whoSits } from './mysql-seats.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** A killed session rolls back a transaction that changed nothing: far below a second. */
const goneMs = 5000;

const schema = z.strictObject({
  kind: z.literal('mysql.end-sessions'),
  target: z.string(),
  applicationName: z.string(),
  /** How many sessions there may be: each sits on a seat of its own. */
  seats: z.int().min(1).max(10_000),
});

/** Ends every session of that name on a MySQL or MariaDB server, and sees that they are gone. */
export const endMysqlSessions: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, applicationName, seats }, { targets, clock }, signal) {
    const url = adminUrl(requireTarget(targets, target, 'mysql'));
    const admin = await connectUnlessGone(url);
    if (!admin) return;
    const kill = async () => {
      const ids = await within(whoSits(admin, applicationName, seats), signal);
      for (const id of ids) await within(killUnlessGone(admin, id), signal);
      return ids.length === 0;
    };
    try {
      await waitFor(kill, {
        what: `the end of the sessions of ${applicationName} on ${target}`,
        timeoutMs: goneMs,
        everyMs: 50,
        signal,
        ...(clock ? { clock } : {}),
      });
    } finally {
      admin.destroy();
    }
  },
  byHand({ target, applicationName, seats }, targets) {
    const found = targets[target];
    const where = found?.kind === 'mysql' ? mysqlPlace(adminUrl(found)) : `the database of ${target}`;
    const last = seats === 1 ? '' : ` (and so on to #${seats - 1})`;
    return `On ${where} run KILL with every id that is answered to: SELECT IS_USED_LOCK('${seatName(applicationName, 0)}')${last};`;
  },
};

/** Host, port and database of a target's URL, without the password. */
export function mysqlPlace(url: string): string {
  const { host, port, database = '' } = mysqlAddress(url);
  return `${host}:${port}/${database}`;
}

export async function connectUnlessGone(url: string): Promise<Connection | undefined> {
  const socket = new Socket();
  // The error of the driver does not say why: the socket does.
  let cause: unknown;
  socket.once('error', (error) => {
    cause = error;
  });
  try {
    return await connectMysql({ url, applicationName: 'andon-undo', socket });
  } catch (error) {
    if (serverIsGone(url, cause)) return undefined;
    throw error;
  }
}

/** ER_NO_SUCH_THREAD: it has gone between the question and the answer. Ids do not come back. */
const noSuchThread = 1094;

async function killUnlessGone(admin: Connection, id: number): Promise<void> {
  try {
    await admin.query('KILL CONNECTION ?', [id]);
  } catch (error) {
    if ((error as { errno?: number }).errno !== noSuchThread) throw error;
  }
}
