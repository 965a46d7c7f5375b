import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { networkFault } from '../network/network-fault.ts';

/** Shorter spells would be blurred by the way to whoever cuts. */
const shortestMs = 200;
const spell = duration.refine((ms) => ms >= shortestMs, { message: `must be at least ${shortestMs}ms` });

const params = z.strictObject({
  /** How long the line is usually without its network. */
  off: spell.prefault('8s'),
  /** How long it usually has it in between. */
  on: spell.prefault('4s'),
  /** Each spell is longer or shorter by up to this share. */
  jitter: z.number().min(0).max(0.9).default(0.5),
  /** The same spells come again for the same seed. */
  seed: z.int().min(0).default(1),
  /** `drop`: out of reach without a word; `reset`: the access point ends the connections. */
  mode: z.enum(['drop', 'reset']).default('drop'),
});

/** The scanners and terminals of a line roam: its network is there and gone at times that nobody foresees, and at last it is there. */
export const lineOffline = networkFault({
  kind: 'line.offline',
  summary: "a line's scanners drop off their network and come back, at random",
  params,
  disturbance: ({ mode }) => ({ kind: 'cut', mode, direction: 'both' }),
  rhythm: ({ off, on, jitter, seed }) => ({ downMs: off, upMs: on, spread: { ratio: jitter, seed } }),
});
