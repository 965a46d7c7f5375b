import { z } from 'zod';

const statusSchema = z.looseObject({ retrying: z.number(), parked: z.number() });

/**
 * How many operations wait in store-and-forward boxes for another try. They may be applied already (only their answer was
 * lost), so a duplicate can still come: counting before they are through would miss it. A box that does not answer counts as 1.
 */
export async function waitingToBeSent(
  statusPages: readonly string[],
  fetchImpl: typeof fetch,
): Promise<number> {
  const counts = await Promise.all(
    statusPages.map(async (page) => {
      try {
        const response = await fetchImpl(page, { signal: AbortSignal.timeout(3000) });
        const { retrying, parked } = statusSchema.parse(await response.json());
        return retrying + parked;
      } catch {
        return 1;
      }
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
