import type { Collector } from '../collector.ts';
import type { CollectorKind, ExporterSetup } from '../exporter-setup.ts';
import { canary } from './canary.ts';
import { consistency } from './consistency.ts';
import { devicePush } from './device-push.ts';
import { host } from './host.ts';
import { kafka } from './kafka.ts';
import { mes } from './mes.ts';
import { mysqlConnections } from './mysql-connections.ts';
import { mysqlLocks } from './mysql-locks.ts';
import { mysqlReplication } from './mysql-replication.ts';
import { mysqlSize } from './mysql-size.ts';
import { postgresConnections } from './postgres-connections.ts';
import { postgresLocks } from './postgres-locks.ts';
import { postgresPrepared } from './postgres-prepared.ts';
import { postgresReplication } from './postgres-replication.ts';
import { postgresSize } from './postgres-size.ts';
import { rabbitmq } from './rabbitmq.ts';
import { sparkplug } from './sparkplug.ts';

/** Every kind of collector, one line each. On a shared connection who stands first is asked first. */
const collectorKinds: readonly CollectorKind[] = [
  postgresLocks,
  mysqlLocks,
  postgresConnections,
  mysqlConnections,
  postgresPrepared,
  postgresReplication,
  mysqlReplication,
  rabbitmq,
  kafka,
  canary,
  mes,
  consistency,
  host,
  postgresSize,
  mysqlSize,
  devicePush,
  sparkplug,
];

/** Every collector that andon.yaml asks for. */
export const createCollectors = (setup: ExporterSetup): Collector[] =>
  collectorKinds.flatMap((kind) => kind(setup));
