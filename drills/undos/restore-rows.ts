import { z } from 'zod';
import { addressOf } from '../../kit/postgres.ts';
import { isSaved, restore } from '../faults/data-drift/saved-rows.ts';
import { inTransaction } from '../faults/data-drift/session.ts';
import { requireTarget } from '../named-target.ts';
import { adminUrl } from './end-sessions.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('postgres.restore-rows'),
  target: z.string(),
  relation: z.string(),
  key: z.array(z.string()).readonly(),
  /** The table that keeps the rows as they were. */
  saved: z.string(),
  how: z.enum(['change', 'delete']),
  column: z.string().optional(),
  by: z.number().optional(),
});

/** PostgreSQL: there is no such table. Whoever restored the rows a moment ago has dropped it. */
const noTable = '42P01';

/** Lets the rows that a drill let drift be as they were, where nobody has put them right, and drops the table that kept them. */
export const restoreRows: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, ...rows }, { targets }, signal) {
    const database = requireTarget(targets, target, 'postgres');
    signal.throwIfAborted();
    try {
      await inTransaction(database, 'andon-undo', async (client) => {
        if (await isSaved(client, rows)) await restore(client, rows);
      });
    } catch (error) {
      if ((error as { code?: unknown }).code !== noTable) throw error;
    }
  },
  byHand({ target, relation, key, saved, how, column, by }, targets) {
    const found = targets[target];
    const where = found?.kind === 'postgres' ? addressOf(adminUrl(found)) : `the database of ${target}`;
    const what =
      how === 'delete'
        ? `insert the rows of ${saved} into ${relation} whose ${key.join(', ')} it lacks`
        : `where ${column} of ${relation} is that of ${saved} + ${by} (same ${key.join(', ')}), set it to that of ${saved}`;
    return `On ${where}, in one transaction: ${what}; then: DROP TABLE ${saved};`;
  },
};
