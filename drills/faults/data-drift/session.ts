import type pg from 'pg';
import { connectPostgres } from '../../../kit/postgres.ts';
import type { TargetOf } from '../../../kit/targets.ts';

/** A frozen runner holds nothing for longer than it takes its leash to notice. */
const limits = {
  statementTimeoutMs: 5000,
  lockTimeoutMs: 3000,
  idleInTransactionTimeoutMs: 3000,
  queryTimeoutMs: 6000,
};

/** A session on the target that ends with the work. */
export async function inSession<T>(
  { url, admin_url }: TargetOf<'postgres'>,
  applicationName: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectPostgres({ url: admin_url ?? url, applicationName, ...limits });
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** One transaction, rolled back when the work throws: the session ends inside it. */
export const inTransaction = <T>(
  target: TargetOf<'postgres'>,
  applicationName: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> =>
  inSession(target, applicationName, async (client) => {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
