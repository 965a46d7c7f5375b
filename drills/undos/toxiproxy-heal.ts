import { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import { requireTarget } from '../named-target.ts';
import { ToxiproxyClient } from '../network/toxiproxy-client.ts';
import { healProxy } from '../network/toxiproxy-heal.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({ kind: z.literal('toxiproxy.heal'), target: z.string(), holder: z.string() });

/** Removes the toxics of the undo's holder from a proxy of Toxiproxy, enables what it has disabled, and sees that it is done. */
export const toxiproxyHeal: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets, fetch, clock = systemClock }, signal) {
    const proxy = requireTarget(targets, target, 'toxiproxy');
    try {
      await healProxy(new ToxiproxyClient(proxy, fetch), holder, clock, signal);
    } catch (error) {
      // Its toxics are in its memory, and gone with it.
      if (!serverIsGone(proxy.control, error)) throw error;
    }
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    if (found?.kind !== 'toxiproxy') return `Restart the Toxiproxy of ${target}; its toxics end with it.`;
    const url = new URL(`/proxies/${encodeURIComponent(found.proxy)}`, found.control);
    return `Look with: curl ${url}  and for each toxic ${holder}-…: curl -X DELETE '${url}/toxics/NAME'; if there was one that ends in -disabled-downstream: curl -X PATCH -d '{"enabled":true}' ${url}. Should that hang, restart Toxiproxy.`;
  },
};
