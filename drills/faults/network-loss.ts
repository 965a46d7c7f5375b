import { z } from 'zod';
import { directions } from '../network/driver.ts';
import { networkFault } from '../network/network-fault.ts';

const params = z.strictObject({
  /** The share of packets that is lost; at 1 nothing would pass, which is a cut. */
  ratio: z
    .number()
    .gt(0, 'must be more than 0')
    .lt(1, 'must be less than 1: where everything is lost, use network.cut'),
  direction: z.enum(directions).default('both'),
});

/** Loses packets between two systems; above TCP that is delay, as they are sent again. */
export const networkLoss = networkFault({
  kind: 'network.loss',
  summary: 'loses a share of the packets between two systems',
  affects: 'connection',
  params,
  disturbance: ({ ratio, direction }) => ({ kind: 'loss', ratio, direction }),
});
