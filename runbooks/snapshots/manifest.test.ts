import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../kit/clock.ts';
import { folderToCopy } from '../testing/folder-to-copy.ts';
import { listSnapshots, readManifest } from './catalog.ts';
import { createSnapshot } from './create.ts';
import { digestOf, type Manifest } from './manifest.ts';
import { rollbackSnapshot } from './rollback.ts';
import type { SnapshotSet } from './set.ts';

/** Changes a manifest and makes its digest and id fit again, as somebody who knows the format would. */
function forge(set: SnapshotSet, manifest: Manifest, change: (forged: Manifest) => void): string {
  const forged = structuredClone(manifest);
  change(forged);
  const digest = digestOf(forged);
  const id = `${manifest.id.split('-')[0]}-${digest.slice(0, 12)}`;
  const text = JSON.stringify({ ...forged, digest, id });
  writeFileSync(path.join(set.store, 'manifests', `${id}.json`), text);
  return id;
}

test.for(['../escape', '/etc/escape', 'a/../../escape', './a', 'a//b', 'nul\0byte', 'back\\slash', ''])(
  'A manifest with the path %j is refused.',
  async (bad) => {
    using it = folderToCopy();
    const { set } = it;
    const manifest = await createSnapshot(set, { clock });
    const id = forge(set, manifest, ({ entries }) => {
      const [file] = entries.filter((entry) => entry.kind === 'file');
      if (file) file.path = bad;
    });
    await expect(rollbackSnapshot(set, id, { clock })).rejects.toMatchObject({ code: 'snapshot.damaged' });
    expect(existsSync(path.join(set.folder, '../escape'))).toBe(false);
  },
);

test('A manifest that would write through a link is refused.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const manifest = await createSnapshot(set, { clock });
  const id = forge(set, manifest, ({ entries }) => {
    const lines = entries.findIndex((entry) => entry.path === 'lines');
    entries[lines] = { path: 'lines', kind: 'link', to: '/tmp' };
  });
  await expect(rollbackSnapshot(set, id, { clock })).rejects.toThrow(/does not lie in a folder/);
});

test('A changed manifest is refused, listed as damaged, and the others stay usable.', async () => {
  using it = folderToCopy();
  const { set } = it;
  const manifest = await createSnapshot(set, { clock });
  const file = path.join(set.store, 'manifests', `${manifest.id}.json`);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"setting-1.yaml"', '"setting-x.yaml"'));
  expect(() => readManifest(set, manifest.id)).toThrow(/digest: does not fit|does not fit the entries/);
  expect(listSnapshots(set)).toMatchObject({
    snapshots: [],
    damaged: [expect.stringContaining('is damaged')],
  });
});

test.for(['../../etc/passwd', '20260101T000000000Z-000000000000', 'newest/../x', ''])(
  'The id %j names no snapshot.',
  async (id) => {
    using it = folderToCopy();
    const { set } = it;
    await createSnapshot(set, { clock });
    await expect(rollbackSnapshot(set, id, { clock })).rejects.toMatchObject({ code: 'snapshot.unknown' });
  },
);
