import os from 'node:os';
import { z } from 'zod';
import type { Fault, Plan } from '../fault.ts';
import { runName } from '../run-name.ts';
import { burn, burnerEffect } from './host/burner.ts';

const params = z.strictObject({
  /** How much of its time each thread is busy. */
  share: z.number().min(0.05).max(1).default(0.9),
  /** How many threads; as many as there are processors when left out. */
  workers: z.int().min(1).max(1024).optional(),
  /** 0 competes with everything else on equal terms, 19 takes only what is left over. */
  nice: z.int().min(0).max(19).default(0),
});

/** Keeps the processors of this computer busy, as a backup, a virus scanner or a program that runs wild does. */
export const hostCpu: Fault<z.output<typeof params>> = {
  kind: 'host.cpu',
  summary: 'keeps the processors of this computer busy',
  params,
  targets: ['host'],
  plan({ share, workers = os.availableParallelism(), nice }, { name }, run, durationMs): Plan {
    return {
      kind: 'host.cpu',
      target: name,
      run,
      effects: [
        `${workers} threads keep processors of this computer busy for ${Math.round(share * 100)} % of their time (nice ${nice}), for ${durationMs / 1000} s`,
        burnerEffect(run),
      ],
      undo: { kind: 'process.end-marked', mark: runName(run) },
      durationMs,
    };
  },
  inject: (plan, { workers = os.availableParallelism(), share, nice }, _target, host, signal) =>
    burn(plan, { what: 'cpu', workers, share, nice }, host, signal),
};
