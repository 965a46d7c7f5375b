import type { PostgresSession } from '../../kit/postgres.ts';
import type { TargetOf } from '../../kit/targets.ts';

/** The session of a repair: a record is small, and whoever holds a lock longer than this is not waited for. */
export const repairSession = ({ url, admin_url }: TargetOf<'postgres'>): PostgresSession => ({
  url: admin_url ?? url,
  applicationName: 'andon-repair',
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 3000,
  idleInTransactionTimeoutMs: 15_000,
  queryTimeoutMs: 12_000,
});
