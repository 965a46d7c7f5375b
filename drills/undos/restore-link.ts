import { z } from 'zod';
import { requireTarget } from '../named-target.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({ kind: z.literal('link.restore'), target: z.string(), holder: z.string() });

/** Takes back what the undo's holder has cut on a link, and sees that it is healed. */
export const restoreLink: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets, fetch }, signal) {
    const link = requireTarget(targets, target, 'link');
    const client = new LinkClient(link, fetch);
    try {
      await client.restore(holder, 'undo', signal);
      const { cut } = await client.state(signal);
      if (cut?.holder === holder) throw new Error(`${target} is still cut (${cut.mode}) by ${holder}`);
    } catch (error) {
      if (!serverIsGone(link.control, error)) throw error;
    }
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    if (found?.kind !== 'link') return `Restart the proxy of link ${target}; its cuts end with it.`;
    const url = new URL(`/links/${encodeURIComponent(found.link)}/cut`, found.control);
    url.searchParams.set('holder', holder);
    return `Run: curl -X DELETE '${url}'  (or wait: the cut is a lease of a few seconds)`;
  },
};
