import pg from 'pg';
import { addressOf, connectPostgres, type PostgresSession } from './postgres.ts';
import { RolledBackError } from './rolled-back.ts';

/**
 * Does some work in one transaction; it is committed when the work is done, and rolled back when it throws or the signal has been
 * aborted by then. What the server itself refuses, COMMIT included, is a RolledBackError. Times are written in UTC, so that a row reads the same whenever it is read.
 */
export async function inTransaction<T>(
  session: PostgresSession,
  access: 'READ ONLY' | 'READ WRITE',
  signal: AbortSignal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await connectPostgres(session);
  // A statement under way is not waited for: without our COMMIT the server rolls it back.
  const leave = () => void client.end().catch(() => {});
  signal.addEventListener('abort', leave, { once: true });
  try {
    await client.query("SET TIME ZONE 'UTC'");
    await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED ${access}`);
    const result = await work(client);
    signal.throwIfAborted();
    // From here on it is waited for: broken off now, nobody would know whether it took effect.
    signal.removeEventListener('abort', leave);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') throw error;
    throw new RolledBackError(`${addressOf(session.url)}: ${error.message}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', leave);
    // A session that ends inside a transaction rolls it back.
    await client.end().catch(() => {});
  }
}
