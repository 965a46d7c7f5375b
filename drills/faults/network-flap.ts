import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { cutModes, directions } from '../network/driver.ts';
import { networkFault } from '../network/network-fault.ts';

/** A turn is a request to whoever disturbs: shorter ones would be blurred by the way there. */
const shortestMs = 100;
const turn = duration.refine((ms) => ms >= shortestMs, { message: `must be at least ${shortestMs}ms` });

const params = z.strictObject({
  /** How long it is cut each time. */
  down: turn.prefault('3s'),
  /** How long it is in order between two cuts. */
  up: turn.prefault('5s'),
  mode: z.enum(cutModes).default('drop'),
  direction: z.enum(directions).default('both'),
});

/** Cuts the way between two systems again and again, as a loose plug does. */
export const networkFlap = networkFault({
  kind: 'network.flap',
  summary: 'cuts a link between two systems again and again',
  affects: 'connection',
  params,
  disturbance: ({ mode, direction }) => ({ kind: 'cut', mode, direction }),
  rhythm: ({ down, up }) => ({ downMs: down, upMs: up }),
});
