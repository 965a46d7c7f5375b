import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import type { Fault, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { stopSignals } from './process/signals.ts';
import { demandStoppable, stopService, whatRuns } from './process/stopped-service.ts';

const params = z.strictObject({
  /** What asks it to stop: TERM for most, INT for PostgreSQL's fast shutdown. */
  signal: z.enum(stopSignals).default('TERM'),
  /** How long it may take to stop before it is killed. */
  grace: duration.prefault('10s'),
  /** How long it stays down before it is started again. */
  down: duration.prefault('0s'),
});

/** Stops a process in an orderly way and starts it again, as an update or a careless administrator does. */
export const processRestart: Fault<z.output<typeof params>> = {
  kind: 'process.restart',
  summary: 'stops a process or container in an orderly way and starts it again',
  params,
  targets: ['process', 'container'],
  plan({ signal, grace, down }, target, run, durationMs): Plan {
    const downMs = Math.min(down, durationMs);
    return {
      kind: 'process.restart',
      target: target.name,
      run,
      effects: [
        `sends SIG${signal} to ${whatRuns(target)}, and SIGKILL when it has not ended after ${grace / 1000} s`,
        `starts it again ${downMs === 0 ? 'at once' : `after ${downMs / 1000} s`}, unless it lives by then`,
        leashEffect,
      ],
      undo: { kind: 'process.start', target: target.name },
      durationMs,
    };
  },
  demand: (_params, target) => demandStoppable(target, AbortSignal.timeout(10_000)),
  inject: (plan, { signal: name, grace, down }, target, host, signal) =>
    stopService(plan, { signal: `SIG${name}`, graceMs: grace, downMs: down }, target, host, signal),
};
