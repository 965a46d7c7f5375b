import type { Connection } from 'mysql2/promise';
import { z } from 'zod';
import { connectMysql } from '../../kit/mysql.ts';
import { within } from '../../kit/wait.ts';
import { requireTarget } from '../named-target.ts';
import { mysqlPlace } from './end-mysql-sessions.ts';
import { adminUrl } from './end-sessions.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** The server answers in milliseconds: taking `read_only` back waits for nobody. */
const answerMs = 4000;

const schema = z.strictObject({ kind: z.literal('mysql.writable'), target: z.string() });

/** What a dead drill has asked for and not got yet would come true after us. */
const pending = `
  SELECT id FROM information_schema.processlist
  WHERE info LIKE '%SET GLOBAL read_only = ON%' AND id <> CONNECTION_ID() AND SUBSTRING_INDEX(CURRENT_USER(), '@', 1) = user`;

/**
 * Switches `read_only` of a MySQL or MariaDB server off, and sees that it is. A refused connection proves nothing here: behind a tunnel
 * or a proxy the server goes on.
 */
export const mysqlWritable: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target }, { targets }) {
    const url = adminUrl(requireTarget(targets, target, 'mysql'));
    const admin = await connectMysql({ url, applicationName: 'andon-undo' });
    try {
      await within(switchOff(admin, target), AbortSignal.timeout(answerMs));
    } finally {
      admin.destroy();
    }
  },
  byHand({ target }, targets) {
    const found = targets[target];
    const where = found?.kind === 'mysql' ? mysqlPlace(adminUrl(found)) : `the database of ${target}`;
    return `On ${where} run: SET GLOBAL read_only = OFF;`;
  },
};

async function switchOff(admin: Connection, target: string): Promise<void> {
  const [waiting] = await admin.query(pending);
  for (const { id } of waiting as { id: number }[])
    await admin.query('KILL CONNECTION ?', [id]).catch(() => {});
  await admin.query('SET GLOBAL read_only = OFF');
  // A number, and a word from MariaDB 12 on.
  const [rows] = await admin.query('SELECT CAST(@@GLOBAL.read_only AS CHAR) AS now');
  const now = (rows as { now: string }[])[0]?.now;
  if (now !== '0' && now !== 'OFF') throw new Error(`read_only of ${target} is still ${now}`);
}
