import { z } from 'zod';
import { connectPostgres } from '../../kit/postgres.ts';
import type { Targets } from '../../kit/targets.ts';
import type { LedgerConfig } from '../config.ts';
import type { SystemRecords } from './reconcile.ts';

const operationRow = z.object({
  op: z.string(),
  source: z.string(),
  seq: z.coerce.number(),
  position: z.coerce.number(),
});
const currentRow = z.object({ source: z.string(), seq: z.coerce.number() });

/** Asks every configured system what it holds since a moment. Read-only. */
export function readSystems(
  ledger: LedgerConfig,
  targets: Targets,
  sinceMs: number,
): Promise<SystemRecords[]> {
  return Promise.all(ledger.systems.map((system) => readSystem(system, targets, sinceMs)));
}

async function readSystem(
  system: LedgerConfig['systems'][number],
  targets: Targets,
  sinceMs: number,
): Promise<SystemRecords> {
  const target = targets[system.target];
  if (target?.kind !== 'postgres') throw new TypeError(`the ledger's ${system.name} needs a postgres target`);
  const client = await connectPostgres({
    url: target.admin_url ?? target.url,
    applicationName: 'andon-ledger',
    statementTimeoutMs: 20_000,
    lockTimeoutMs: 5000,
    queryTimeoutMs: 25_000,
  });
  try {
    await client.query('SET default_transaction_read_only = on');
    const operations = await client.query(system.operations, [new Date(sinceMs)]);
    const current = system.current ? await client.query(system.current) : undefined;
    return {
      name: system.name,
      operations: z.array(operationRow).parse(operations.rows),
      current: current && z.array(currentRow).parse(current.rows),
    };
  } finally {
    await client.end();
  }
}
