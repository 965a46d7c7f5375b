import { UsageError } from '../../kit/errors.ts';
import type { Collector } from '../collector.ts';
import type { ExporterSetup } from '../exporter-setup.ts';
import { type MappedMes, rowCollector } from './row-collector.ts';
import type { QuerySpec } from './schema.ts';

/** The metrics that one query of a database gives, over the connection that its other collectors use too. */
export function queryCollector(
  { name, sql, timeout, metrics }: QuerySpec,
  database: string,
  mes: MappedMes,
  { targets, sessions }: ExporterSetup,
): Collector {
  const target = targets[database];
  if (target?.kind !== 'postgres' && target?.kind !== 'mysql')
    throw new UsageError('mapping.database', `query ${name}: the target "${database}" is no database`, {
      mend: 'Correct database: of the MES, or target: of the query, in andon.yaml.',
    });
  const session = sessions.shared(database, target);
  return rowCollector(
    {
      what: `query ${name}`,
      name,
      asked: database,
      timeoutMs: timeout,
      metrics,
      rows: (run) => session.batches(sql, run),
    },
    mes,
  );
}
