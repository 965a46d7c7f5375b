import { z } from 'zod';
import { directions } from '../network/driver.ts';
import { networkFault } from '../network/network-fault.ts';
import { rate } from '../network/rate.ts';

const params = z.strictObject({
  /** Bytes per second, for all connections together, in each direction that is meant. */
  rate,
  direction: z.enum(directions).default('both'),
});

/** Makes the way between two systems narrower. */
export const networkBandwidth = networkFault({
  kind: 'network.bandwidth',
  summary: 'limits how many bytes per second pass between two systems',
  affects: 'connection',
  params,
  disturbance: ({ rate: bytesPerSecond, direction }) => ({ kind: 'bandwidth', bytesPerSecond, direction }),
});
