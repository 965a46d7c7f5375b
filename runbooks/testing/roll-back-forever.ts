import { systemClock } from '../../kit/clock.ts';
import { rollbackSnapshot } from '../snapshots/rollback.ts';
import type { SnapshotSet } from '../snapshots/set.ts';

/*
 * A process that is there to be killed: rolls a folder back and forth between two snapshots.
 * Arguments: the set as JSON, and the two ids. Prints one line for each rollback.
 */
const [set = '', ...ids] = process.argv.slice(2);
for (let round = 0; ; round++) {
  const done = await rollbackSnapshot(JSON.parse(set) as SnapshotSet, ids[round % 2] ?? '', {
    clock: systemClock,
  });
  process.stdout.write(`${done.to}\n`);
}
