import type pg from 'pg';
import { z } from 'zod';
import { addressOf, connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';
import { requireTarget } from '../named-target.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** A terminated backend rolls back a transaction that changed nothing: far below a second. */
const goneMs = 5000;

const schema = z.strictObject({
  kind: z.literal('postgres.end-sessions'),
  target: z.string(),
  applicationName: z.string(),
});

/** Ends every session with the undo's application name on a PostgreSQL server, and sees that they are gone. */
export const endSessions: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, applicationName }, { targets, clock }, signal) {
    const url = adminUrl(requireTarget(targets, target, 'postgres'));
    const admin = await connectUnlessGone(url);
    if (!admin) return;
    try {
      await waitFor(async () => (await terminate(admin, applicationName)) === 0, {
        what: `the end of the sessions of ${applicationName} on ${target}`,
        timeoutMs: goneMs,
        everyMs: 50,
        signal,
        ...(clock ? { clock } : {}),
      });
    } finally {
      await admin.end();
    }
  },
  byHand({ target, applicationName }, targets) {
    const found = targets[target];
    const where = found?.kind === 'postgres' ? addressOf(adminUrl(found)) : `the database of ${target}`;
    return `On ${where} run: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${applicationName}';`;
  },
};

/** The URL by which drills reach a PostgreSQL target. */
export const adminUrl = (target: { url: string; admin_url?: string | undefined }): string =>
  target.admin_url ?? target.url;

async function connectUnlessGone(url: string): Promise<pg.Client | undefined> {
  try {
    return await connectPostgres({
      url,
      applicationName: 'andon-undo',
      statementTimeoutMs: 3000,
      lockTimeoutMs: 1000,
      queryTimeoutMs: 4000,
    });
  } catch (error) {
    if (serverIsGone(url, error)) return undefined;
    throw error;
  }
}

async function terminate(admin: pg.Client, applicationName: string): Promise<number> {
  const { rowCount } = await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
    [applicationName],
  );
  return rowCount ?? 0;
}
