import { mkdirSync } from 'node:fs';
import { type SnapshotSet, snapshotSet } from '../snapshots/set.ts';
import { writeGeneration } from './folder-generation.ts';
import { tempFolder } from './temp-folder.ts';

/** A snapshot set over a folder of generation `one`, gone with its scope. */
export function folderToCopy(): Disposable & { set: SnapshotSet } {
  const temp = tempFolder();
  const set = snapshotSet(
    { config: { folder: temp.file('plant/config'), store: temp.file('store') } },
    'config',
  );
  mkdirSync(set.folder, { recursive: true });
  writeGeneration(set.folder, 'one');
  return { set, [Symbol.dispose]: temp[Symbol.dispose] };
}
