import { z } from 'zod';
import { duration } from '../../kit/duration.ts';

/** How one broker is probed. */
const canary = z.strictObject({
  /** How often a probe is sent, or sent again when it has not come back. */
  interval: duration.prefault('10s'),
  /** The kind of the queue that Andon declares for it: `quorum` where production uses quorum queues. */
  queue_type: z.enum(['classic', 'quorum']).default('classic'),
  /** An existing exchange that probes take instead of the default one, and the routing key they carry. */
  exchange: z.string().default(''),
  routing_key: z.string().default('andon.canary'),
});
export type CanarySettings = z.infer<typeof canary>;

/** `exporter.canary:` in andon.yaml: by the name of a rabbitmq target, how probes are sent through it. None unless named here: it writes. */
export const canarySection = z.record(z.string(), canary.prefault({})).default({});
