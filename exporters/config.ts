import { z } from 'zod';
import { duration } from '../kit/duration.ts';
import { listenAddress } from '../kit/listen-address.ts';
import type { Targets } from '../kit/targets.ts';
import { consistencySection } from './consistency/config.ts';
import { pushedDevicesSection } from './devices/config.ts';
import { hostSection } from './host/config.ts';
import { mappingsSection } from './mapping/schema.ts';
import { canarySection } from './queues/canary-config.ts';

/** The longest time a work order should stay in each ISA-95 state; a state without one has no limit. */
const stateLimits = z.strictObject({
  not_allowed_to_start: duration.optional(),
  allowed_to_start: duration.prefault('8h'),
  running: duration.prefault('8h'),
  interrupted: duration.prefault('1h'),
  ended: duration.prefault('4h'),
  aborted: duration.optional(),
});

const targetNames = z.array(z.string()).optional();

/** `exporter:` in andon.yaml: where it listens, and what of the targets stands at /metrics. */
export const exporterSection = z.strictObject({
  listen: listenAddress.prefault('127.0.0.1:9464'),
  /** TLS and authentication, in the format of the Prometheus exporter-toolkit. */
  web_config: z.string().optional(),
  /** The most requests for metrics at one time; who comes then gets 503. */
  max_requests: z.int().min(1).default(40),
  /** The most series that one collector may publish in one scrape. */
  series_limit: z.int().min(1).default(200_000),
  /** Which targets stand at /metrics; all of the kind where a list is left out. Each can be had at /probe as well. */
  mes: targetNames,
  databases: targetNames,
  queues: targetNames,
  /** How the metrics are got from each MES. */
  mappings: mappingsSection,
  state_limits: stateLimits.prefault({}),
  consistency: consistencySection,
  devices: pushedDevicesSection,
  canary: canarySection,
  /** CPU, memory, disks of the computer that the exporter runs on; for hosts without a node_exporter. */
  host: hostSection,
});
export type ExporterConfig = z.infer<typeof exporterSection>;
/** In milliseconds. */
export type StateLimits = ExporterConfig['state_limits'];

/** The kinds of targets that each list of the section takes. */
export const listedKinds = {
  mes: ['mes'],
  databases: ['postgres', 'mysql'],
  queues: ['rabbitmq', 'kafka'],
} as const;

/** The names of the targets at /metrics: those listed, and all of a kind where its list is left out. */
export function namesAtMetrics(config: ExporterConfig, targets: Targets): Set<string> {
  const lists = Object.entries(listedKinds) as [keyof typeof listedKinds, readonly string[]][];
  const names = lists.flatMap(([list, kinds]) => {
    const all = Object.keys(targets).filter((name) => kinds.includes(targets[name]?.kind ?? ''));
    return config[list] ?? all;
  });
  return new Set(names);
}
