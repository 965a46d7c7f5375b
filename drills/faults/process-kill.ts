import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import type { Fault, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { stopSignals } from './process/signals.ts';
import { demandStoppable, stopService, whatRuns } from './process/stopped-service.ts';

const params = z.strictObject({
  /** KILL cannot be caught, as the kernel's own when memory is out; TERM asks for an orderly end; ABRT and SEGV are crashes. */
  signal: z.enum(stopSignals).default('KILL'),
  /** How long it may take to end by another signal than KILL before it is killed. */
  grace: duration.prefault('5s'),
});

/** Ends a process once. Whoever watches over it may start it; at the end of the fault it is started if nobody has. */
export const processKill: Fault<z.output<typeof params>> = {
  kind: 'process.kill',
  summary: 'kills a process or container once and starts it at the end, if nobody has before',
  params,
  targets: ['process', 'container'],
  plan({ signal }, target, run, durationMs): Plan {
    return {
      kind: 'process.kill',
      target: target.name,
      run,
      effects: [
        `sends SIG${signal} to ${whatRuns(target)} once, so that it ends and what it was doing is lost`,
        `starts it again after ${durationMs / 1000} s, unless it lives by then`,
        leashEffect,
      ],
      undo: { kind: 'process.start', target: target.name },
      durationMs,
    };
  },
  demand: (_params, target) => demandStoppable(target, AbortSignal.timeout(10_000)),
  inject: (plan, { signal: name, grace }, target, host, signal) =>
    stopService(plan, { signal: `SIG${name}`, graceMs: grace }, target, host, signal),
};
