import type { z } from 'zod';
import { UsageError } from '../../kit/errors.ts';
import type { Fault, NamedTarget, Plan } from '../fault.ts';
import { disturbed } from './disturbed-network.ts';
import type { Disturbance, NetworkDriver } from './driver.ts';
import { driverOf, networkTargets } from './drivers.ts';
import { holderOf } from './holder.ts';
import { type Rhythm, rhythmEffect } from './rhythm.ts';

/** What makes one kind of network fault different from the others. */
export interface NetworkFaultParts<P> {
  kind: string;
  summary: string;
  /** One of what is counted as touched. */
  affects?: string;
  params: z.ZodType<P>;
  disturbance: (params: P) => Disturbance;
  /** Left out where it stays in without a break. */
  rhythm?: (params: P) => Rhythm;
}

/** A fault that disturbs the traffic of a target, through whichever driver that kind of target has. */
export function networkFault<P>({ disturbance, rhythm, ...parts }: NetworkFaultParts<P>): Fault<P> {
  const { kind } = parts;
  return {
    ...parts,
    targets: networkTargets,
    plan(params, target, run, durationMs): Plan {
      const wish = disturbance(params);
      const driver = ableDriver(wish, target, kind);
      const holder = holderOf(run, kind);
      return {
        kind,
        target: target.name,
        run,
        effects: [...driver.effects(wish, target, holder), ...(rhythm ? [rhythmEffect(rhythm(params))] : [])],
        undo: driver.undo(target, holder),
        durationMs,
      };
    },
    async demand(params, target, host) {
      await ableDriver(disturbance(params), target, kind).demand(target, host);
    },
    async inject(plan, params, target, host, signal) {
      const wish = disturbance(params);
      const hold = ableDriver(wish, target, kind).hold(target, holderOf(plan.run, kind), host);
      return await disturbed({ plan, host, hold, disturbance: wish, rhythm: rhythm?.(params) }, signal);
    },
  };
}

/** Who disturbs this target; throws UsageError where it cannot be disturbed in this way. */
function ableDriver(disturbance: Disturbance, { name, target }: NamedTarget, kind: string): NetworkDriver {
  const driver = driverOf(name, target);
  const reason = driver.cannot(disturbance, target);
  if (reason === undefined) return driver;
  throw new UsageError('network.cannot', `${kind} cannot be done to ${name} (a ${target.kind}): ${reason}`, {
    mend: 'Change its parameters, or name another kind of target. Nothing was touched.',
  });
}
