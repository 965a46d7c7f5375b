import { z } from 'zod';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { Service } from '../../kit/process/service.ts';
import { serviceBehind } from '../../kit/process/service-of.ts';
import type { Fault, Host, Injection, NamedTarget, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { revert } from '../undo.ts';

const params = z.strictObject({});

/** How often is looked whether somebody lets it run. */
const lookMs = 250;
const limitMs = 10_000;

/** Freezes a process with all its children and threads: it holds its connections and locks, and answers nobody. */
export const processPause: Fault<z.output<typeof params>> = {
  kind: 'process.pause',
  summary: 'freezes a process or container: it hangs, with its connections open',
  params,
  targets: ['process', 'container'],
  plan(_params, target, run, durationMs): Plan {
    const { what } = serviceBehind(target);
    return {
      kind: 'process.pause',
      target: target.name,
      run,
      effects: [
        `freezes ${what} and all that belongs to it: it keeps its connections and locks and does nothing`,
        `lets it run again after ${durationMs / 1000} s`,
        leashEffect,
      ],
      undo: { kind: 'process.resume', target: target.name },
      durationMs,
    };
  },
  demand: (_params, target) => demandRunning(serviceBehind(target)),
  inject: (plan, _params, target, host, signal) => freeze(plan, target, host, signal),
};

/** It lives and may be signalled, and nobody has frozen it already: else ours would lift what is not ours. */
async function demandRunning(service: Service): Promise<void> {
  const signal = AbortSignal.timeout(limitMs);
  await service.demand(signal);
  const [paused] = await service.paused(signal);
  if (paused !== undefined)
    throw new UnavailableError('process.paused-already', paused, {
      mend: `Somebody has stopped it. ${service.byHand.resume}`,
    });
}

async function freeze(plan: Plan, target: NamedTarget, host: Host, signal: AbortSignal): Promise<Injection> {
  const service = serviceBehind(target);
  await demandRunning(service);
  const life = await service.demand(signal);
  const watch = new AbortController();
  const lifted = Promise.withResolvers<string>();
  const { clock, fetch, targets, log } = host;
  let standsStill = false;
  // Whoever ends what hangs has healed nothing before another life of it is there.
  const isOut = async () =>
    (await service.paused(watch.signal)).length > 0 || (await service.life(watch.signal)) === undefined;
  const watched = async () => {
    while (await isOut()) await clock.sleep(lookMs, watch.signal);
    lifted.resolve('others');
  };
  return leashedInjection(
    {
      plan,
      host,
      breakIt: async (signal) => {
        await service.pause(life, signal);
        standsStill = true;
        watched().catch((error: unknown) => {
          if (!watch.signal.aborted)
            log.warn({ target: plan.target, error: messageOf(error) }, 'not watched');
        });
      },
      lift: async () => {
        watch.abort();
        // This service remembers what it froze, also when the main process was killed meanwhile.
        await service.resume(AbortSignal.timeout(limitMs));
        await revert(plan.undo, { fetch, clock, targets }, AbortSignal.timeout(limitMs));
      },
      touched: async () => (standsStill ? 1 : 0),
      residue: () => service.paused(AbortSignal.timeout(limitMs)),
      liftedByOthers: lifted.promise,
    },
    signal,
  );
}
