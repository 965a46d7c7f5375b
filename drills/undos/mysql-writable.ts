import { z } from 'zod';
import { requireTarget } from '../named-target.ts';
import { connectUnlessGone, mysqlPlace } from './end-mysql-sessions.ts';
import { adminUrl } from './end-sessions.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** The server answers in milliseconds: taking `read_only` back waits for nobody. */
const answerMs = 4000;

const schema = z.strictObject({ kind: z.literal('mysql.writable'), target: z.string() });

/** Switches `read_only` of a MySQL or MariaDB server off, and sees that it is. A server that has ended has forgotten it. */
export const mysqlWritable: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target }, { targets }) {
    const admin = await connectUnlessGone(adminUrl(requireTarget(targets, target, 'mysql')));
    if (!admin) return;
    const timer = setTimeout(() => admin.destroy(), answerMs);
    try {
      await admin.query('SET GLOBAL read_only = OFF');
      const [rows] = await admin.query('SELECT @@GLOBAL.read_only AS on_now');
      if ((rows as { on_now: unknown }[])[0]?.on_now !== 0)
        throw new Error(`read_only of ${target} is still on`);
    } finally {
      clearTimeout(timer);
      admin.destroy();
    }
  },
  byHand({ target }, targets) {
    const found = targets[target];
    const where = found?.kind === 'mysql' ? mysqlPlace(adminUrl(found)) : `the database of ${target}`;
    return `On ${where} run: SET GLOBAL read_only = OFF;`;
  },
};
