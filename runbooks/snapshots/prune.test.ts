import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { folderToCopy } from '../testing/folder-to-copy.ts';
import { listSnapshots, manifestFile } from './catalog.ts';
import { createSnapshot } from './create.ts';
import { pinSnapshot, unpinSnapshot } from './pins.ts';
import { prune } from './prune.ts';
import { rollbackSnapshot } from './rollback.ts';
import type { SnapshotSet } from './set.ts';
import { verifySnapshot } from './verify.ts';

let it: ReturnType<typeof folderToCopy>;
beforeEach(() => {
  it = folderToCopy();
});
afterEach(() => it[Symbol.dispose]());

let ahead = 0;
const clock: Clock = { now: () => Date.now() + ahead, sleep: systemClock.sleep };
const keeping = (keep: number, keepForMs = 0): SnapshotSet => ({ ...it.set, keep, keepForMs });
const ids = (set: SnapshotSet) => listSnapshots(set).snapshots.map(({ id }) => id);
const objects = (set: SnapshotSet) =>
  readdirSync(path.join(set.store, 'objects'), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );

/** A snapshot of which one file is nobody else's. */
async function take(set: SnapshotSet, text: string) {
  writeFileSync(path.join(set.folder, 'setting-1.yaml'), text);
  ahead += 1000;
  return await createSnapshot(set, { clock });
}

test('Only the newest are kept, with what they refer to and nothing else.', async () => {
  const set = keeping(3);
  const taken = [];
  for (const text of ['a', 'b', 'c', 'd', 'e']) taken.push(await take(set, text));
  expect(ids(set)).toEqual(
    taken
      .slice(2)
      .map(({ id }) => id)
      .toReversed(),
  );
  for (const manifest of taken.slice(2)) expect(await verifySnapshot(set, manifest)).toEqual([]);
  // Three of their own, and what all of them share.
  expect(objects(set)).toHaveLength(4);
});

test('The newest that was taken on purpose stays, however many rollbacks have kept since; so does what is pinned, and what is young.', async () => {
  const set = keeping(2);
  const first = await take(set, 'a');
  pinSnapshot(set, first.id, 'release-1');
  const purpose = await take(set, 'b');
  for (const text of ['x', 'y', 'z']) {
    writeFileSync(path.join(set.folder, 'setting-1.yaml'), text);
    ahead += 1000;
    await rollbackSnapshot(set, purpose.id, { clock });
  }
  await prune(set, clock);
  expect(ids(set)).toHaveLength(4);
  expect(ids(set)).toEqual(expect.arrayContaining([first.id, purpose.id]));
  unpinSnapshot(set, first.id, 'release-2');
  await prune(set, clock);
  expect(ids(set)).toContain(first.id);
  unpinSnapshot(set, first.id, 'release-1');
  await prune(keeping(2, 3_600_000), clock);
  expect(ids(set)).toContain(first.id);
  await prune(set, clock);
  expect(ids(set)).not.toContain(first.id);
});

test('Killed between lists and contents, or in the middle of a copy, it leaves what the next one clears away.', async () => {
  const set = keeping(9);
  const first = await take(set, 'a');
  const second = await take(set, 'b');
  rmSync(manifestFile(set, first.id));
  const draft = path.join(set.store, 'objects', 'ab');
  mkdirSync(draft, { recursive: true });
  writeFileSync(path.join(draft, `${'ab'.repeat(32)}.77.draft`), 'half');
  expect(await verifySnapshot(set, second)).toEqual([]);
  expect(await prune(set, clock)).toEqual({ snapshots: [], objects: 2 });
  expect(await verifySnapshot(set, second)).toEqual([]);
});

test('While a list cannot be read, no content is cleared away: the list may be mended.', async () => {
  const set = keeping(9);
  const first = await take(set, 'a');
  await take(set, 'b');
  const good = readFileSync(manifestFile(set, first.id));
  writeFileSync(manifestFile(set, first.id), 'torn');
  expect((await prune(set, clock)).objects).toBe(0);
  writeFileSync(manifestFile(set, first.id), good);
  expect(await verifySnapshot(set, first)).toEqual([]);
});
