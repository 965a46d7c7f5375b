import { z } from 'zod';
import { controlUrl } from '../../kit/control-client.ts';
import { leftOf, RouterClient } from '../../kit/release-router.ts';
import { requireTarget } from '../named-target.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('release.withdraw'),
  target: z.string(),
  holder: z.string(),
});

/** Sends everybody back to the stable version, and sees that the process of the holder's has ended. */
export const withdrawRelease: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets, fetch }, signal) {
    const release = requireTarget(targets, target, 'release');
    try {
      const state = await new RouterClient(release, fetch).withdraw(holder, { by: 'undo' }, signal);
      const [left] = leftOf(target, state, holder);
      if (left !== undefined) throw new Error(left);
    } catch (error) {
      // The versions on trial end with the router that started them.
      if (!serverIsGone(release.control, error)) throw error;
    }
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    if (found?.kind !== 'release') return `Restart the router of ${target}; its candidates end with it.`;
    const url = controlUrl(found.control, '/release/candidate', { holder });
    return `Run: curl -X DELETE -H "Authorization: Bearer $TOKEN" '${url}'  (or wait: the release is a lease of a few seconds)`;
  },
};
