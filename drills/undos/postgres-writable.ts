import type pg from 'pg';
import { z } from 'zod';
import { addressOf, connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';
import { requireTarget } from '../named-target.ts';
import { adminUrl } from './end-sessions.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** A server that is told to reload does so within milliseconds; a busy one takes its time. */
const reloadMs = 5000;

const schema = z.strictObject({ kind: z.literal('postgres.writable'), target: z.string() });

/**
 * Takes `default_transaction_read_only` out of what ALTER SYSTEM has set, and sees in a new session that it no longer comes from
 * there. ALTER SYSTEM works while the server is read-only, because it is no transaction. The setting outlives the server:
 * one that does not answer is therefore never taken for healed.
 */
export const postgresWritable: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target }, { targets, clock }, signal) {
    const url = adminUrl(requireTarget(targets, target, 'postgres'));
    await inSession(url, async (admin) => {
      await admin.query('ALTER SYSTEM RESET default_transaction_read_only');
      await admin.query('SELECT pg_reload_conf()');
    });
    await waitFor(() => inSession(url, isWritable), {
      what: `the end of the read-only setting of ${target}`,
      timeoutMs: reloadMs,
      everyMs: 50,
      signal,
      ...(clock ? { clock } : {}),
    });
  },
  byHand({ target }, targets) {
    const found = targets[target];
    const where = found?.kind === 'postgres' ? addressOf(adminUrl(found)) : `the database of ${target}`;
    return `On ${where} run: ALTER SYSTEM RESET default_transaction_read_only;  and then: SELECT pg_reload_conf();`;
  },
};

async function inSession<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = await connectPostgres({
    url,
    applicationName: 'andon-undo',
    statementTimeoutMs: 3000,
    lockTimeoutMs: 1000,
    queryTimeoutMs: 4000,
  });
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** What a role or a database has of its own is not ours; what postgresql.conf says was refused before we began. */
async function isWritable(admin: pg.Client): Promise<boolean> {
  const { rows } = await admin.query(
    `SELECT 1 FROM pg_settings
     WHERE name = 'default_transaction_read_only' AND setting = 'on' AND source = 'configuration file'`,
  );
  return rows.length === 0;
}
