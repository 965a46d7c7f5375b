import { UsageError } from '../kit/errors.ts';
import type { TargetKind, TargetOf, Targets } from '../kit/targets.ts';
import type { Collector } from './collector.ts';
import { devices } from './collectors/devices.ts';
import { mes } from './collectors/mes.ts';
import { postgresConnections } from './collectors/postgres-connections.ts';
import { postgresLocks } from './collectors/postgres-locks.ts';
import { rabbitmq } from './collectors/rabbitmq.ts';
import { workOrders } from './collectors/work-orders.ts';
import type { ExporterConfig } from './config.ts';

/** Every collector that the section asks for. Nothing is connected yet: the first scrape does that. */
export function createCollectors(
  config: ExporterConfig,
  targets: Targets,
  fetchFrom: typeof fetch,
): Collector[] {
  return [
    ...targetsOf(targets, config.mes, 'mes').flatMap(([name, { url, database }]) => [
      mes(name, url, fetchFrom),
      ...targetsOf(targets, [database], 'postgres').flatMap(([, postgres]) => {
        const source = { mes: name, database, url: postgres.url };
        return [workOrders({ ...source, limits: config.state_limits }), devices(source)];
      }),
    ]),
    ...targetsOf(targets, config.databases, 'postgres').flatMap(([name, { url }]) => [
      postgresLocks(name, url),
      postgresConnections(name, url),
    ]),
    ...targetsOf(targets, config.queues, 'rabbitmq').map(([name, { management }]) =>
      rabbitmq(name, management, fetchFrom),
    ),
  ];
}

function targetsOf<K extends TargetKind>(
  targets: Targets,
  names: readonly string[],
  kind: K,
): [string, TargetOf<K>][] {
  return [...new Set(names)].map((name) => {
    const target = targets[name];
    if (target?.kind === kind) return [name, target as TargetOf<K>];
    const known = Object.keys(targets).filter((other) => targets[other]?.kind === kind);
    throw new UsageError('exporter.target', `the exporter's "${name}" is no target of kind ${kind}`, {
      mend:
        known.length > 0
          ? `Targets of that kind: ${known.join(', ')}`
          : `Add one under targets: in andon.yaml.`,
    });
  });
}
