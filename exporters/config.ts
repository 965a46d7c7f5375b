import { z } from 'zod';
import { duration } from '../kit/duration.ts';
import { listenAddress } from '../kit/listen-address.ts';

/** The longest time a work order should stay in each ISA-95 state; a state without one has no limit. */
const stateLimits = z.strictObject({
  not_allowed_to_start: duration.optional(),
  allowed_to_start: duration.prefault('8h'),
  running: duration.prefault('8h'),
  interrupted: duration.prefault('1h'),
  ended: duration.prefault('4h'),
  aborted: duration.optional(),
});

const targetNames = z.array(z.string()).default([]);

/** `exporter:` in andon.yaml: where /metrics listens, and the names of the targets it measures. */
export const exporterSection = z.strictObject({
  listen: listenAddress.prefault('127.0.0.1:9464'),
  mes: targetNames,
  databases: targetNames,
  queues: targetNames,
  state_limits: stateLimits.prefault({}),
});
export type ExporterConfig = z.infer<typeof exporterSection>;
