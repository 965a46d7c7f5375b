import { z } from 'zod';
import { requireTarget } from '../named-target.ts';
import { Nft } from '../network/nft.ts';
import { tableGone, tableOf } from '../network/nft-rules.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('nftables.delete-table'),
  target: z.string(),
  holder: z.string(),
});

/** Deletes the nftables table of the undo's holder, and sees that it is gone. */
export const nftablesDeleteTable: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, holder }, { targets }, signal) {
    const nft = new Nft(requireTarget(targets, target, 'address').namespace);
    // Its rules went with the namespace.
    if (!nft.hasNamespace) return;
    const table = tableOf(holder, target);
    await nft.apply(tableGone(table), signal);
    if ((await nft.tables()).includes(table)) throw new Error(`nftables still has the table inet ${table}`);
  },
  byHand({ target, holder }, targets) {
    const found = targets[target];
    const nft = new Nft(found?.kind === 'address' ? found.namespace : undefined);
    return `Run: ${nft.byHand} delete table inet ${tableOf(holder, target)}  (it does nothing any more once its lease of a few seconds is over)`;
  },
};
