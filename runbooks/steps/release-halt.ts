import { z } from 'zod';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { RouterClient } from '../../kit/release-router.ts';
import { type Halt, haltLimits, whatToHalt } from '../releases/what-to-halt.ts';
import { type Step, type StepResult, type StepWorld, targetOfKind, untouched } from '../step.ts';
import { untilGone } from './release-halt/until-gone.ts';

const params = z.strictObject(haltLimits);
type Params = z.output<typeof params>;

/** Takes the newest version away from everybody: the one on trial, or else the one that was promoted just now. */
export const releaseHalt: Step<Params> = {
  kind: 'release.halt',
  summary: 'withdraw the version on trial, or go back from one that was just promoted',
  params,
  targets: ['release'],
  // The router keeps the operation with the version that ended: the second time is recognised, and goes back no further.
  repeatable: () => true,
  plan({ promoted_within, min_failures }, world) {
    const { name, target } = targetOfKind(world, 'release');
    const on = `${name} (${target.control})`;
    return [
      {
        does: 'withdraw the version on trial, whoever put it there: everybody gets the stable version at once, and its process ends',
        on,
        undo: 'none: whoever wants it on trial again starts it again',
      },
      {
        does: `only where nothing is on trial: go back from a version that was promoted within ${promDuration(promoted_within)} and has failed ${min_failures} operations or more by itself, to the one before it`,
        on,
        undo: 'none: start and promote that version again',
      },
    ];
  },
  async run(wish, world, signal) {
    const { name, target } = targetOfKind(world, 'release');
    const router = new RouterClient(target, world.fetch);
    const asked = await router.state(signal).then(
      (state) => ({ state }),
      (error: unknown) => ({ problem: messageOf(error) }),
    );
    signal.throwIfAborted();
    if ('problem' in asked)
      return untouched('failed', `the router of ${name} cannot be asked: ${asked.problem}`);
    const { halt, reason } = whatToHalt(asked.state, wish, world);
    if (!halt) return untouched('failed', reason, { stable: asked.state.stable.version });
    return await carryOut(router, { name, halt }, world, signal);
  },
};

async function carryOut(
  router: RouterClient,
  { name, halt }: { name: string; halt: Halt },
  world: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  const act = { by: 'runbook', operation: world.operation };
  const details = { halted: halt.version, act: halt.act };
  // An answer that was lost is no answer: what the router says afterwards counts.
  let problem: string | undefined;
  try {
    if (halt.act === 'withdraw') await router.withdraw(halt.holder, act, signal);
    if (halt.act === 'rollback') {
      const answer = await router.rollback(halt.version, act, signal);
      if (!answer.ok && answer.code !== 'release.other') problem = answer.message;
    }
  } catch (error) {
    problem = messageOf(error);
  }
  const gone = await untilGone(router, halt, world, signal);
  if ('state' in gone) {
    const { version } = gone.state.stable;
    const done = halt.act === 'done' ? 'had been taken away already' : 'is gone with its process';
    return {
      outcome: 'succeeded',
      summary: `version ${halt.version} of ${name} ${done}; everybody gets ${version}`,
      touched: 1,
      details: { ...details, stable: version },
    };
  }
  const why = [problem, gone.problem].filter((text) => text !== undefined).join('; ');
  return {
    outcome: 'failed',
    summary: `version ${halt.version} of ${name} was told to go and is still there: ${why}`,
    touched: null,
    details,
  };
}
