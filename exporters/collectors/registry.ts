import type { Collector } from '../collector.ts';
import type { CollectorKind, ExporterSetup } from '../exporter-setup.ts';
import { devices } from './devices.ts';
import { mes } from './mes.ts';
import { postgresConnections } from './postgres-connections.ts';
import { postgresLocks } from './postgres-locks.ts';
import { rabbitmq } from './rabbitmq.ts';
import { workOrders } from './work-orders.ts';

/** Every kind of collector, one line each. On a shared connection who stands first is asked first. */
const collectorKinds: readonly CollectorKind[] = [
  postgresLocks,
  postgresConnections,
  rabbitmq,
  mes,
  workOrders,
  devices,
];

/** Every collector that andon.yaml asks for. */
export const createCollectors = (setup: ExporterSetup): Collector[] =>
  collectorKinds.flatMap((kind) => kind(setup));
