import { GroupCommit } from '../../runbooks/intake/group-commit.ts';
import { addNotices, storeNotices } from '../../runbooks/intake/intake.ts';
import { EngineWorld, notice } from '../../runbooks/testing/engine-world.ts';
import type { Measurement } from '../table.ts';

const count = 400;
/** So many requests are under way at one time in the storm. */
const atOnce = 64;

/** What storing a delivery costs alone and in company, in turn on the same disk: why deliveries are committed together. */
export async function measureTogether(): Promise<Measurement[]> {
  using world = new EngineWorld();
  const { deps, store, clock } = world;
  const alone = await timed(async () => {
    for (let index = 0; index < count; index++)
      storeNotices([notice({ fingerprint: `alone-${index}` })], deps, clock.now());
  });
  const commits = new GroupCommit(
    (work) => store.transaction(work),
    () => {},
  );
  const together = await timed(async () => {
    for (let from = 0; from < count; from += atOnce)
      await Promise.all(
        Array.from({ length: Math.min(atOnce, count - from) }, (_, index) =>
          commits.add(() =>
            addNotices([notice({ fingerprint: `together-${from + index}` })], deps, clock.now()),
          ),
        ),
      );
  });
  return [
    { what: 'webhooks: storing one delivery by itself', value: alone / count, unit: 'ms' },
    { what: `webhooks: storing one of ${atOnce} together`, value: together / count, unit: 'ms' },
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
