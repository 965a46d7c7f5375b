import pg from 'pg';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { PostgresSession } from '../../kit/postgres.ts';
import { inTransaction } from '../../kit/postgres-transaction.ts';
import { RolledBackError } from '../../kit/rolled-back.ts';
import type { DownStep } from './down-steps.ts';
import { appliedMigrations, appliedOf } from './migrations.ts';
import type { MigrationGuard, SnapshotSet } from './set.ts';

/** Whoever holds a table longer than this still works: it is for a person to stop him. */
const lockTimeoutMs = 5000;

/**
 * Carries out steps back in their order, all in one transaction: either every migration is gone from the list that `applied` reads,
 * or nothing has happened. Throws UnavailableError then; an AggregateError when the connection broke at the very end and the database
 * does not tell how it ended.
 */
export async function takeBackMigrations(
  set: SnapshotSet,
  guard: MigrationGuard,
  steps: readonly DownStep[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await inTransaction(sessionOf(guard), 'READ WRITE', signal, async (client) => {
      for (const step of steps) {
        signal.throwIfAborted();
        await carryOut(client, step, guard);
      }
    });
  } catch (error) {
    // Asked even of who was told to stop: the connection may have broken during COMMIT.
    if (!(error instanceof RolledBackError) && (await areGone(set, steps, error))) return;
    signal.throwIfAborted();
    throw new UnavailableError(
      'snapshot.down-step',
      `the migrations of ${guard.name} could not be taken back: ${messageOf(error)}`,
      {
        mend: 'All of it was rolled back. Mend the step, or stop what holds its tables, and try again.',
        cause: error,
      },
    );
  }
}

function sessionOf({ target: { url, admin_url }, timeout }: MigrationGuard): PostgresSession {
  return {
    url: admin_url ?? url,
    applicationName: 'andon-snapshot',
    statementTimeoutMs: timeout,
    lockTimeoutMs,
    idleInTransactionTimeoutMs: timeout,
    queryTimeoutMs: timeout + lockTimeoutMs,
  };
}

async function carryOut(client: pg.Client, step: DownStep, { name, applied }: MigrationGuard): Promise<void> {
  const refused = (why: string, cause?: unknown) =>
    new RolledBackError(`${step.file}: ${why}`, cause === undefined ? {} : { cause });
  try {
    await client.query(insideTransaction(step.sql));
  } catch (error) {
    throw error instanceof pg.DatabaseError && error.severity === 'ERROR'
      ? refused(error.message, error)
      : error;
  }
  if ((await appliedOf(client, applied)).includes(step.migration))
    throw refused(
      `it was carried out, and ${name} still lists ${step.migration} as applied: the step must take it off that list, too`,
    );
}

/** PostgreSQL itself then refuses a COMMIT or ROLLBACK in the text, which would leave half of the steps behind. */
const insideTransaction = (sql: string): string =>
  `DO ${pg.escapeLiteral(`BEGIN EXECUTE ${pg.escapeLiteral(sql)}; END`)}`;

/** Whether the steps took effect although the answer to COMMIT was lost. */
async function areGone(set: SnapshotSet, steps: readonly DownStep[], error: unknown): Promise<boolean> {
  let now: readonly string[];
  try {
    now = (await appliedMigrations(set))?.applied ?? [];
  } catch (failure) {
    throw new AggregateError(
      [error, failure],
      `whether the migrations were taken back is not known: ${messageOf(error)}; ${messageOf(failure)}`,
    );
  }
  return !steps.some(({ migration }) => now.includes(migration));
}
