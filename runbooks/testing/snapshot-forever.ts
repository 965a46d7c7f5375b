import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { createSnapshot } from '../snapshots/create.ts';
import type { SnapshotSet } from '../snapshots/set.ts';

/*
 * A process that is there to be killed: takes snapshots of a folder that is another one each time, and clears old ones away.
 * Argument: the set as JSON. Prints one line for each snapshot.
 */
const set = JSON.parse(process.argv[2] ?? '') as SnapshotSet;
for (let round = 0; ; round++) {
  for (let file = 0; file < 8; file++)
    writeFileSync(path.join(set.folder, `setting-${file}.yaml`), `${process.pid} ${round} ${file}\n`);
  process.stdout.write(`${(await createSnapshot(set, { clock: systemClock })).id}\n`);
}
