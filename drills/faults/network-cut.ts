import { z } from 'zod';
import { cutModes, directions } from '../network/driver.ts';
import { networkFault } from '../network/network-fault.ts';

const params = z.strictObject({
  /** `drop` like a pulled cable, `reject` with new connections refused, `reset` with RST for all. */
  mode: z.enum(cutModes).default('drop'),
  direction: z.enum(directions).default('both'),
});

/** Cuts the way between two systems. */
export const networkCut = networkFault({
  kind: 'network.cut',
  summary: 'cuts a link between two systems (drop, reject or reset; both directions or one)',
  affects: 'connection',
  params,
  disturbance: ({ mode, direction }) => ({ kind: 'cut', mode, direction }),
});
