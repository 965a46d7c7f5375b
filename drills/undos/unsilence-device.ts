import { z } from 'zod';
import { controlUrl } from '../../kit/control-client.ts';
import { GatewayClient, silencePath } from '../faults/device-silence/gateway-client.ts';
import { requireTarget } from '../named-target.ts';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('device.unsilence'),
  target: z.string(),
  holder: z.string(),
});

/** Lets a device be heard again that the undo's holder has made silent, and sees that it is. */
export const unsilenceDevice: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets, fetch }, signal) {
    const device = requireTarget(targets, target, 'device');
    const gateway = new GatewayClient(device, fetch);
    try {
      await gateway.lift(holder, 'undo', signal);
      const { silenced } = await gateway.state(signal);
      if (silenced?.holder === holder) throw new Error(`${target} is still silent for ${holder}`);
    } catch (error) {
      // The silence ended with the gateway that kept it.
      if (!serverIsGone(device.control, error)) throw error;
    }
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    if (found?.kind !== 'device') return `Restart the gateway of ${target}; its silences end with it.`;
    const url = controlUrl(found.control, silencePath(found.device), { holder });
    return `Run: curl -X DELETE -H "Authorization: Bearer $TOKEN" '${url}'  (or wait: the silence is a lease of a few seconds)`;
  },
};
