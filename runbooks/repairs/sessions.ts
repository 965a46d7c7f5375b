import pg from 'pg';
import { addressOf, connectPostgres } from '../../kit/postgres.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { RolledBackError } from './rolled-back.ts';

/** A record is small; whoever holds a lock longer than this is not waited for. */
const limits = {
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 3000,
  idleInTransactionTimeoutMs: 15_000,
  queryTimeoutMs: 12_000,
};

/**
 * Does some work in one transaction; it is committed when the work is done, and rolled back when it throws or the signal has been
 * aborted by then. What the server itself refuses, COMMIT included, is a RolledBackError. Times are written in UTC, so that a row reads the same whenever it is read.
 */
export async function inTransaction<T>(
  { url, admin_url }: TargetOf<'postgres'>,
  access: 'READ ONLY' | 'READ WRITE',
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await connectPostgres({ url: admin_url ?? url, applicationName: 'andon-repair', ...limits });
  // A statement under way is not waited for: without our COMMIT the server rolls it back.
  const leave = () => void client.end().catch(() => {});
  signal.addEventListener('abort', leave, { once: true });
  try {
    await client.query("SET TIME ZONE 'UTC'");
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED ${access}`);
    const result = await work(client);
    signal.throwIfAborted();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') throw error;
    throw new RolledBackError(`${addressOf(admin_url ?? url)}: ${error.message}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', leave);
    // A session that ends inside a transaction rolls it back.
    await client.end().catch(() => {});
  }
}
