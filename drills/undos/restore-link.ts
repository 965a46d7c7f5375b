import { z } from 'zod';
import { requireTarget } from '../named-target.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({ kind: z.literal('link.restore'), target: z.string(), holder: z.string() });

/** Takes back what the undo's holder does to a link, and sees that it is healed. */
export const restoreLink: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets, fetch }, signal) {
    const link = requireTarget(targets, target, 'link');
    const client = new LinkClient(link, fetch);
    try {
      await client.release(holder, 'undo', signal);
      const left = await client.residue(holder, signal);
      if (left.length > 0) throw new Error(`${target} is still disturbed: ${left.join(', ')}`);
    } catch (error) {
      if (!serverIsGone(link.control, error)) throw error;
    }
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    if (found?.kind !== 'link') return `Restart the proxy of link ${target}; what disturbs it ends with it.`;
    const path = `/links/${encodeURIComponent(found.link)}/holds/${encodeURIComponent(holder)}`;
    return `Run: curl -X DELETE '${new URL(path, found.control)}'  (or wait: it is a lease of a few seconds)`;
  },
};
