import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import { RouterClient } from '../../kit/release-router.ts';
import { type Step, targetOfKind, untouched } from '../step.ts';

const params = z.strictObject({ version: z.string().min(1) });

/** Makes the version that is on trial the one that everybody gets. */
export const releasePromote: Step<z.output<typeof params>> = {
  kind: 'release.promote',
  summary: 'make the version on trial the one that everybody gets',
  params,
  targets: ['release'],
  // The second time it is the stable version already, and nothing is done.
  repeatable: () => true,
  plan({ version }, world) {
    const { name, target } = targetOfKind(world, 'release');
    return [
      {
        does: `give version ${version}, which must be on trial and without a lease, to everybody`,
        on: `${name} (${target.control})`,
        undo: 'release.halt, which goes back to the version before; that one keeps running',
      },
    ];
  },
  async run({ version }, world, signal) {
    const { name, target } = targetOfKind(world, 'release');
    const router = new RouterClient(target, world.fetch);
    const state = await router.state(signal).catch(messageOf);
    signal.throwIfAborted();
    if (typeof state === 'string')
      return untouched('failed', `the router of ${name} cannot be asked: ${state}`);
    const { stable, candidate } = state;
    if (stable.version === version)
      return untouched('succeeded', `version ${version} of ${name} is the stable one already`);
    if (candidate?.version !== version)
      return untouched(
        'failed',
        `version ${version} is not on trial at ${name}: ${candidate ? `${candidate.version} is` : 'none is'}`,
      );
    const answer = await router.promote(candidate.holder, signal);
    if (!answer.ok) return untouched('refused', `${name} refuses: ${answer.message}`, { code: answer.code });
    const now = await router.state(signal);
    return {
      outcome: now.stable.version === version ? 'succeeded' : 'failed',
      summary: `everybody gets version ${now.stable.version} of ${name}; before it was ${stable.version}`,
      touched: 1,
      details: { promoted: version, before: stable.version },
    };
  },
};
