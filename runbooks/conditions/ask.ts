import { messageOf } from '../../kit/errors.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';
import { type StepWorld, targetOfKind } from '../step.ts';
import type { Condition } from './condition.ts';

/** Waits for a check to come true; the reason why it did not, or undefined. */
export async function waitForCondition(
  check: Condition,
  world: Pick<StepWorld, 'target' | 'targets' | 'prometheus' | 'fetch' | 'clock'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (check.http !== undefined) {
    const { status } = await world.fetch(check.http);
    return status === 200 ? undefined : `not true: ${check.name} (${status})`;
  }
  const { target } = targetOfKind(world, 'postgres');
  const url = target.admin_url ?? target.url;
  let last = 'it was never answered';
  const ask = async () => {
    last = await askOnce(url, check.no_rows ?? '').catch(messageOf);
    return last === '';
  };
  try {
    const { clock } = world;
    await waitFor(ask, { what: check.name, timeoutMs: check.within, everyMs: 250, signal, clock });
    return undefined;
  } catch {
    signal.throwIfAborted();
    return `not true within ${check.within / 1000} s: ${check.name} (${last})`;
  }
}

/** Empty when the query has no rows, else what was wrong. A fresh session each time: the server may just be healing. */
async function askOnce(url: string, sql: string): Promise<string> {
  const client = await connectPostgres({
    url,
    applicationName: 'andon-runbook-verify',
    statementTimeoutMs: 5000,
    lockTimeoutMs: 1000,
    queryTimeoutMs: 6000,
  });
  try {
    await client.query('SET default_transaction_read_only = on');
    // A named statement goes by the extended protocol, which takes one statement only: no COMMIT; DELETE … can hide.
    const { rowCount } = await client.query({ name: 'verify', text: sql });
    return rowCount === 0 ? '' : `${rowCount} rows`;
  } finally {
    await client.end().catch(() => {});
  }
}
