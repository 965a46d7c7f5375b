import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { modulePath } from '../../kit/module-path.ts';
import { processesMarked, testMark } from '../../kit/testing/marked.ts';
import { waitFor } from '../../kit/wait.ts';
import { readGenerations, writeGeneration } from '../testing/folder-generation.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { listSnapshots, readManifest } from './catalog.ts';
import { createSnapshot } from './create.ts';
import { brokenOffRollbacks } from './interrupted.ts';
import { rollbackSnapshot } from './rollback.ts';
import { snapshotSet } from './set.ts';
import { verifySnapshot } from './verify.ts';

const clock = systemClock;
const kills = 12;

async function twoGenerations(temp: { file(name: string): string }) {
  const sets = { config: { folder: temp.file('plant/config'), store: temp.file('store') } };
  const set = snapshotSet(sets, 'config');
  mkdirSync(set.folder, { recursive: true });
  writeGeneration(set.folder, 'one');
  const one = await createSnapshot(set, { clock });
  rmSync(set.folder, { recursive: true });
  writeGeneration(set.folder, 'two');
  const two = await createSnapshot(set, { clock });
  return { set, ids: [one.id, two.id] as const };
}

test('Killed at any moment, a rollback leaves the old folder or the new one, and the next one works.', async () => {
  using temp = tempFolder();
  const { set, ids } = await twoGenerations(temp);
  const program = modulePath(import.meta.url, '../testing/roll-back-forever');
  const found = new Set<string>();
  for (let round = 0; round < kills; round++) {
    const child = spawn(process.execPath, [program, JSON.stringify(set), ...ids], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    // Once it works, at a moment that differs from round to round.
    await once(child.stdout, 'data');
    await clock.sleep(Math.random() * 40);
    child.kill('SIGKILL');
    await exit;
    const { generations, files } = readGenerations(realpathSync(set.folder));
    expect(generations).toHaveLength(1);
    expect(files).toBe(13);
    found.add(generations[0] ?? '');
    const to = ids[round % 2] ?? '';
    expect((await rollbackSnapshot(set, to, { clock })).to).toBe(to);
    expect(readGenerations(realpathSync(set.folder)).generations).toEqual([round % 2 === 0 ? 'one' : 'two']);
    expect(readdirSync(path.dirname(set.folder)).join()).not.toMatch(/andon-(building|next)/);
  }
  expect([...found].length).toBeGreaterThan(0);
}, 120_000);

/**
 * Kills a program at a moment that differs from round to round, once it works. Returns when the commands that it had started have
 * ended, too: nobody kills them, and one that has not got to its file yet would write into it later.
 */
async function killed(program: string, ...args: string[]): Promise<void> {
  const mark = randomUUID();
  const child = spawn(process.execPath, [modulePath(import.meta.url, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [testMark]: mark },
  });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  await clock.sleep(Math.random() * 40);
  child.kill('SIGKILL');
  await exit;
  await waitFor(() => processesMarked(mark).length === 0, { what: 'its end', timeoutMs: 20_000, everyMs: 5 });
}

test('Killed at any moment, settings and folder belong together, or it is known that they may not; and the next rollback mends it.', async () => {
  using temp = tempFolder();
  const routes = temp.file('routes');
  const restore = ['tee', routes];
  const commands = { routes: { capture: ['cat', routes], restore, timeout: 10_000 } };
  const sets = {
    config: { folder: temp.file('plant/config'), store: temp.file('store'), keep: 1000, commands },
  };
  const set = snapshotSet(sets, 'config');
  mkdirSync(set.folder, { recursive: true });
  const ids: string[] = [];
  for (const generation of ['one', 'two']) {
    rmSync(set.folder, { recursive: true });
    writeGeneration(set.folder, generation);
    writeFileSync(routes, generation);
    ids.push((await createSnapshot(set, { clock })).id);
  }
  for (let round = 0; round < kills; round++) {
    await killed('../testing/roll-back-forever', JSON.stringify(set), ...ids);
    const { generations } = readGenerations(realpathSync(set.folder));
    expect(generations).toHaveLength(1);
    const isNoted = await createSnapshot(set, { clock }).then(
      () => false,
      (error: unknown) => (error as { code: string }).code === 'snapshot.interrupted',
    );
    expect(brokenOffRollbacks({ config: set })).toHaveLength(isNoted ? 1 : 0);
    if (!isNoted) expect(readFileSync(routes, 'utf8')).toBe(generations[0]);
    await rollbackSnapshot(set, ids[round % 2] ?? '', { clock });
    const wanted = round % 2 === 0 ? 'one' : 'two';
    expect(readGenerations(realpathSync(set.folder)).generations).toEqual([wanted]);
    expect(readFileSync(routes, 'utf8')).toBe(wanted);
  }
}, 120_000);

test('Killed while snapshots are taken and old ones cleared away, every one that is listed is whole.', async () => {
  using temp = tempFolder();
  const sets = { config: { folder: temp.file('config'), store: temp.file('store'), keep: 3 } };
  const set = snapshotSet(sets, 'config');
  mkdirSync(set.folder);
  for (let round = 0; round < kills; round++) {
    await killed('../testing/snapshot-forever', JSON.stringify(set));
    const { snapshots, damaged } = listSnapshots(set);
    expect(damaged).toEqual([]);
    expect(snapshots.length).toBeGreaterThan(0);
    for (const { id } of snapshots) expect(await verifySnapshot(set, readManifest(set, id))).toEqual([]);
  }
  await createSnapshot(set, { clock });
  expect(listSnapshots(set).snapshots).toHaveLength(3);
  const objects = readdirSync(path.join(set.store, 'objects'), { recursive: true, withFileTypes: true });
  expect(objects.filter((one) => one.isFile()).length).toBeLessThanOrEqual(24);
}, 120_000);

test('A reader who opens the folder once sees one version, while it is rolled back and forth.', async () => {
  using temp = tempFolder();
  const { set, ids } = await twoGenerations(temp);
  await rollbackSnapshot(set, ids[0], { clock });
  const seen = new Set<string>();
  let rolling = true;
  const roll = async () => {
    for (let round = 0; round < 10; round++)
      await rollbackSnapshot(set, ids[round % 2 === 0 ? 1 : 0], { clock });
    rolling = false;
  };
  const read = async () => {
    while (rolling) {
      const { generations, files } = readGenerations(realpathSync(set.folder));
      expect(generations).toHaveLength(1);
      expect(files).toBe(13);
      for (const generation of generations) seen.add(generation);
      await clock.sleep(0);
    }
  };
  await Promise.all([roll(), read()]);
  expect([...seen].toSorted()).toEqual(['one', 'two']);
}, 60_000);

test('The check itself finds a mixture.', () => {
  using temp = tempFolder();
  writeGeneration(temp.path, 'one');
  writeGeneration(temp.path, 'two', 5);
  expect(readGenerations(temp.path).generations).toEqual(['one', 'two']);
});
