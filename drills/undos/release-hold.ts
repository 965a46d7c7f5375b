import { z } from 'zod';
import { serverIsGone } from './gone.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('runbooks.release-hold'),
  url: z.string(),
  holder: z.string(),
});

/** Gives the runbook service back its freedom to act. */
export const releaseHold: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ url, holder }, { fetch, runbooksToken }, signal) {
    try {
      const response = await fetch(holdUrl(url, holder), {
        method: 'DELETE',
        headers: runbooksToken === undefined ? {} : { authorization: `Bearer ${runbooksToken}` },
        signal,
      });
      await response.body?.cancel();
      // 404: this holder holds nothing.
      if (!response.ok && response.status !== 404)
        throw new Error(`the runbook service refused to release ${holder}'s hold: HTTP ${response.status}`);
    } catch (error) {
      if (!serverIsGone(url, error)) throw error;
    }
  },
  byHand({ url, holder }) {
    return `Run: curl -X DELETE -H "Authorization: Bearer $TOKEN" '${holdUrl(url, holder)}'  (or wait: the hold is a lease)`;
  },
};

const holdUrl = (url: string, holder: string): string =>
  `${url.replace(/\/$/, '')}/hold?${new URLSearchParams({ holder })}`;
