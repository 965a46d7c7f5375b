import { z } from 'zod';
import { requireTarget } from '../named-target.ts';
import { HttpFaultClient } from '../proxy/http-fault-client.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('http-link.restore'),
  target: z.string(),
  holder: z.string(),
});

/** Ends what the undo's holder does to the requests on a link, and sees that they pass. */
export const restoreHttpLink: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets, fetch }, signal) {
    const link = requireTarget(targets, target, 'link');
    const client = new HttpFaultClient(link, fetch);
    try {
      await client.restore(holder, 'undo', signal);
      const left = await client.residue(holder, signal);
      if (left.length > 0) throw new Error(`${target} still fails: ${left.join('; ')}`);
    } catch (error) {
      if (!serverIsGone(link.control, error)) throw error;
    }
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    if (found?.kind !== 'link') return `Restart the proxy of link ${target}; its faults end with it.`;
    const url = new URL(`/links/${encodeURIComponent(found.link)}/http-fault`, found.control);
    url.searchParams.set('holder', holder);
    return `Run: curl -X DELETE '${url}'  (or wait: the fault is a lease of a few seconds)`;
  },
};
