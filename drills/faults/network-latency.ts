import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { directions } from '../network/driver.ts';
import { networkFault } from '../network/network-fault.ts';

const params = z
  .strictObject({
    /** How much later every byte comes, in each direction that is meant. */
    latency: duration,
    /** The latency varies by up to this much either way. */
    jitter: duration.prefault('0s'),
    direction: z.enum(directions).default('both'),
  })
  .refine(({ latency, jitter }) => latency > 0 && jitter <= latency, {
    message: 'latency must be longer than 0s, and jitter no longer than latency',
  });

/** Makes the way between two systems longer. */
export const networkLatency = networkFault({
  kind: 'network.latency',
  summary: 'delays every byte between two systems, evenly or with jitter',
  affects: 'connection',
  params,
  disturbance: ({ latency, jitter, direction }) => ({
    kind: 'latency',
    latencyMs: latency,
    jitterMs: jitter,
    direction,
  }),
});
