import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { writeGeneration } from '../testing/folder-generation.ts';
import { folderToCopy } from '../testing/folder-to-copy.ts';
import { chooseSnapshot, listSnapshots } from './catalog.ts';
import { createSnapshot } from './create.ts';
import { describeFolder } from './describe-folder.ts';
import { ObjectStore } from './objects.ts';
import { rollbackSnapshot } from './rollback.ts';
import { type SnapshotSet, snapshotSet } from './set.ts';
import { verifySnapshot } from './verify.ts';

const clock = systemClock;

const leftovers = (set: SnapshotSet) =>
  readdirSync(path.dirname(set.folder)).filter((name) => /andon-(building|next)/.test(name));

test('A rollback brings back contents, modes, links and empty folders, and takes away what was added.', async () => {
  using it = folderToCopy();
  const { set } = it;
  writeFileSync(path.join(set.folder, 'secret'), 'x');
  chmodSync(path.join(set.folder, 'secret'), 0o400);
  mkdirSync(path.join(set.folder, 'empty'), { mode: 0o750 });
  symlinkSync('setting-1.yaml', path.join(set.folder, 'current'));
  symlinkSync('/nowhere/at/all', path.join(set.folder, 'dangling'));
  const before = await describeFolder(set.folder);
  const taken = await createSnapshot(set, { clock, note: 'before 2.0' });
  rmSync(path.join(set.folder, 'lines'), { recursive: true });
  rmSync(path.join(set.folder, 'current'));
  chmodSync(path.join(set.folder, 'empty'), 0o777);
  writeFileSync(path.join(set.folder, 'added'), 'y');
  const done = await rollbackSnapshot(set, 'newest', { clock });
  expect(done).toMatchObject({ to: taken.id, switched: true });
  expect(done.changed).toEqual(expect.arrayContaining(['added', 'current', 'empty', 'lines']));
  expect(await describeFolder(realpathSync(set.folder))).toEqual(before);
  expect(leftovers(set)).toEqual([]);
});

test('A rollback can itself be rolled back.', async () => {
  using it = folderToCopy();
  const { set } = it;
  await createSnapshot(set, { clock });
  writeGeneration(set.folder, 'two');
  const bad = await describeFolder(set.folder);
  const { before } = await rollbackSnapshot(set, 'newest', { clock });
  expect(existsSync(path.join(set.folder, 'only-in-two'))).toBe(false);
  await rollbackSnapshot(set, before ?? '', { clock });
  expect(await describeFolder(realpathSync(set.folder))).toEqual(bad);
  expect(listSnapshots(set).snapshots.map(({ origin }) => origin)).toEqual([
    'before-rollback',
    'before-rollback',
    'create',
  ]);
});

test('"newest" is the last one taken on purpose, not the one that a rollback kept.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const taken = await createSnapshot(set, { clock });
  writeGeneration(set.folder, 'two');
  await rollbackSnapshot(set, 'newest', { clock });
  expect(chooseSnapshot(set, 'newest').id).toBe(taken.id);
});

test('A folder that already is as the snapshot has it is left as it is.', async () => {
  using it = folderToCopy();
  const { set } = it;
  await createSnapshot(set, { clock });
  expect(await rollbackSnapshot(set, 'newest', { clock })).toMatchObject({ switched: false, changed: [] });
  expect(lstatSync(set.folder).isSymbolicLink()).toBe(false);
});

test('A plain folder is adopted once; paths that lead out of it still arrive where they did.', async () => {
  using it = folderToCopy();
  const { set } = it;
  writeFileSync(path.join(path.dirname(set.folder), 'neighbour'), 'still here');
  symlinkSync('../neighbour', path.join(set.folder, 'link-out'));
  await createSnapshot(set, { clock });
  writeGeneration(set.folder, 'two');
  await rollbackSnapshot(set, 'newest', { clock });
  expect(lstatSync(set.folder).isSymbolicLink()).toBe(true);
  expect(readlinkSync(set.folder)).not.toContain('/');
  expect(readFileSync(path.join(set.folder, 'link-out'), 'utf8')).toBe('still here');
  expect(readFileSync(`${set.folder}/../neighbour`, 'utf8')).toBe('still here');
});

test('Equal files are kept once, and only their owner may read the copies.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const manifest = await createSnapshot(set, { clock });
  const hashes = new Set(manifest.entries.flatMap((entry) => (entry.kind === 'file' ? [entry.sha256] : [])));
  expect([...hashes]).toHaveLength(1);
  const [hash = ''] = hashes;
  expect(statSync(new ObjectStore(set.store).file(hash)).mode & 0o077).toBe(0);
  expect(statSync(set.store).mode & 0o077).toBe(0);
});

test('A damaged object is named by verify and refused by rollback, and the folder is not touched.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const manifest = await createSnapshot(set, { clock });
  expect(await verifySnapshot(set, manifest)).toEqual([]);
  const [file] = manifest.entries.filter((entry) => entry.kind === 'file');
  appendFileSync(new ObjectStore(set.store).file(file?.sha256 ?? ''), 'tampered');
  expect(await verifySnapshot(set, manifest)).toEqual([expect.stringContaining('missing or damaged')]);
  writeGeneration(set.folder, 'two');
  const now = await describeFolder(set.folder);
  await expect(rollbackSnapshot(set, 'newest', { clock })).rejects.toMatchObject({
    code: 'snapshot.damaged',
  });
  expect(await describeFolder(set.folder)).toEqual(now);
  expect(readdirSync(path.dirname(set.folder))).toEqual(['config']);
});

test('A missing object is refused as well; the next snapshot of the same content mends it.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const manifest = await createSnapshot(set, { clock });
  rmSync(path.join(set.store, 'objects'), { recursive: true });
  expect(await verifySnapshot(set, manifest)).toHaveLength(1);
  await createSnapshot(set, { clock });
  expect(await verifySnapshot(set, manifest)).toEqual([]);
});

test('A folder with a pipe in it cannot be copied, and says so.', async () => {
  using it = folderToCopy();
  const { set } = it;
  execFileSync('mkfifo', [path.join(set.folder, 'pipe')]);
  await expect(createSnapshot(set, { clock })).rejects.toMatchObject({ code: 'snapshot.unsuitable' });
  expect(listSnapshots(set).snapshots).toEqual([]);
});

test('A folder that is not there is named with the line of andon.yaml to correct.', async () => {
  using it = folderToCopy();
  const { set } = it;
  rmSync(set.folder, { recursive: true });
  await expect(createSnapshot(set, { clock })).rejects.toMatchObject({
    code: 'snapshot.no-folder',
    mend: expect.stringContaining('runbooks.snapshots.config.folder'),
  });
});

test('Snapshots cannot be kept inside the folder they are of.', () => {
  const sets = { config: { folder: '/etc/plant', store: '/etc/plant/.snapshots' } };
  expect(() => snapshotSet(sets, 'config')).toThrow(/inside/);
  expect(() => snapshotSet(sets, 'constructor')).toThrow(/no snapshot set/);
});

test('Killed between the two renames of the adoption, the folder is brought back by the next command.', async () => {
  using it = folderToCopy();
  const { set } = it;
  await createSnapshot(set, { clock });
  const parent = path.dirname(set.folder);
  // What a SIGKILL there leaves: the link that was to take the name, and the folder already moved aside.
  symlinkSync('.config.andon-version-before-x', path.join(parent, '.config.andon-next'));
  renameSync(set.folder, path.join(parent, '.config.andon-version-before-x'));
  mkdirSync(path.join(parent, '.config.andon-building-x/half'), { recursive: true });
  await createSnapshot(set, { clock });
  expect(readFileSync(path.join(set.folder, 'only-in-one'), 'utf8')).toBe('one\n');
  expect(leftovers(set)).toEqual([]);
});

test('Of the folders that were switched to, the live one and the one before stay.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const one = await createSnapshot(set, { clock });
  writeGeneration(set.folder, 'two');
  const two = await createSnapshot(set, { clock });
  const versions = () =>
    readdirSync(path.dirname(set.folder)).filter((name) => name.includes('andon-version'));
  for (const { id } of [one, two, one, two]) {
    const before = realpathSync(set.folder);
    await rollbackSnapshot(set, id, { clock });
    expect(existsSync(before)).toBe(true);
    expect(versions().length).toBeLessThanOrEqual(2);
  }
  expect(versions()).toHaveLength(2);
});

test('Two at once take turns.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const { id } = await createSnapshot(set, { clock });
  writeGeneration(set.folder, 'two');
  const both = await Promise.all([
    rollbackSnapshot(set, id, { clock }),
    rollbackSnapshot(set, id, { clock }),
  ]);
  expect(both.map(({ switched }) => switched).toSorted()).toEqual([false, true]);
});
